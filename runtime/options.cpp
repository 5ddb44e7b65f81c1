#include <pyactor/runtime/options.hpp>

#include <pyactor/libpyactor/value.hpp>
#include <pyactor/runtime/error_mapping.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace pyactor::runtime {

namespace {

using caf::config_value;
using caf::get_if;

/// Reads one dictionary of options and knows what it is called.
class section {
public:
  section(const caf::settings& content, std::string path)
    : content_(content), path_(std::move(path)) {
  }

  /// Sets `target` where the option is given.
  /// @returns `invalid_argument` where it is of another type
  template <class T, class Assign>
  expected<void> read(std::string_view key, std::string_view wanted,
                      Assign assign) const {
    auto found = content_.find(caf::string_view{key.data(), key.size()});
    if (found == content_.end())
      return {};
    if (auto* given = get_if<T>(&found->second))
      return assign(*given);
    return wrong(key, caf::to_string(found->second), wanted);
  }

  expected<void> read_size(std::string_view key, size_t& target,
                           size_t least) const {
    auto wanted = "a whole number of at least " + std::to_string(least);
    return read<int64_t>(key, wanted, [&](int64_t given) -> expected<void> {
      if (given < static_cast<int64_t>(least))
        return wrong(key, std::to_string(given), wanted);
      target = static_cast<size_t>(given);
      return {};
    });
  }

  expected<void> read_string(std::string_view key, std::string& target) const {
    return read<std::string>(key, "a text in quotes",
                             [&](const std::string& given) -> expected<void> {
                               target = given;
                               return {};
                             });
  }

  template <class Duration>
  expected<void> read_time(std::string_view key, Duration& target) const {
    constexpr auto wanted = "a time, for example 500us or 10s";
    return read<caf::timespan>(
      key, wanted, [&](caf::timespan given) -> expected<void> {
        if (given.count() < 0)
          return wrong(key, render(given), wanted);
        target = std::chrono::duration_cast<Duration>(given);
        return {};
      });
  }

  [[nodiscard]] unexpected wrong(std::string_view key, std::string_view given,
                                 std::string_view wanted) const {
    return fail(errc::invalid_argument, path_ + '.' + std::string{key} + " is "
                                          + std::string{given} + "; it must be "
                                          + std::string{wanted});
  }

  /// @returns `invalid_argument` for a key that is none of `known`
  expected<void> only(std::initializer_list<std::string_view> known) const {
    for (auto& [key, given] : content_) {
      if (std::ranges::find(known, key) != known.end())
        continue;
      std::string list;
      for (auto name : known)
        list += (list.empty() ? "" : ", ") + std::string{name};
      return fail(errc::invalid_argument,
                  path_ + '.' + key + " is no option; there are: " + list);
    }
    return {};
  }

private:
  const caf::settings& content_;
  std::string path_;
};

expected<void> read_preload_file(const section& from, pool_options& pool) {
  std::string file;
  if (auto ok = from.read_string("preload-file", file); !ok || file.empty())
    return ok;
  std::ifstream in{file, std::ios::binary};
  pool.preload.assign(std::istreambuf_iterator<char>{in}, {});
  if (!in)
    return from.wrong("preload-file", "'" + file + "'",
                      "a file that can be read");
  return {};
}

expected<void> read_kind(const section& from, pool_options& pool) {
  return from.read<std::string>(
    "kind", "\"main\" or \"own_gil\"",
    [&](const std::string& given) -> expected<void> {
      if (given == "main")
        pool.kind = interpreter_kind::main;
      else if (given == "own_gil")
        pool.kind = interpreter_kind::own_gil;
      else
        return from.wrong("kind", "'" + given + "'", "main or own_gil");
      return {};
    });
}

expected<void> read_policy(const section& from, pool_options& pool) {
  constexpr auto wanted = "scheduler-id, round-robin or least-loaded";
  return from.read<std::string>(
    "policy", wanted, [&](const std::string& given) -> expected<void> {
      auto parsed = parse_routing_policy(given);
      if (!parsed)
        return from.wrong("policy", "'" + given + "'", wanted);
      pool.policy = *parsed;
      return {};
    });
}

/// @param result what holds where the section says nothing
expected<pool_options> read_pool(const section& from, pool_options result) {
  for (auto& step : {
         from.only({"kind", "size", "policy", "preload", "preload-file",
                    "stack-size", "blas-threads", "max-handler-time"}),
         read_kind(from, result),
         from.read_size("size", result.size, 1),
         read_policy(from, result),
         from.read_string("preload", result.preload),
         read_preload_file(from, result),
         from.read_size("stack-size", result.stack_size_bytes, 0),
         from.read_size("blas-threads", result.blas_threads, 0),
         from.read_time("max-handler-time", result.max_handler_time),
       })
    if (!step)
      return unexpected{step.error()};
  return result;
}

expected<void> read_pools(const section& from, runtime_options& options) {
  return from.read<config_value::dictionary>(
    "pools", "a dictionary, for example {io={kind=\"main\",size=2}}",
    [&](const config_value::dictionary& pools) -> expected<void> {
      for (auto& [name, content] : pools) {
        auto* fields = get_if<config_value::dictionary>(&content);
        if (!fields)
          return from.wrong("pools." + name, caf::to_string(content),
                            "a dictionary, for example {kind=\"main\"}");
        auto known = options.pools.find(name);
        auto pool = read_pool(section{*fields, "pyactor.pools." + name},
                              known == options.pools.end() ? pool_options{}
                                                           : known->second);
        if (!pool)
          return unexpected{std::move(pool).error()};
        options.pools.insert_or_assign(name, std::move(*pool));
      }
      return {};
    });
}

expected<void> read_allocator(const section& from, python_config& python) {
  using kind = python_config::allocator_kind;
  return from.read<std::string>(
    "allocator", "standard or malloc",
    [&](const std::string& given) -> expected<void> {
      if (given != "standard" && given != "malloc")
        return from.wrong("allocator", "'" + given + "'", "standard or malloc");
      python.allocator = given == "malloc" ? kind::malloc : kind::standard;
      return {};
    });
}

expected<void> read_search_paths(const section& from, python_config& python) {
  return from.read<config_value::list>(
    "search-paths", "a list of folders, for example [\"models\"]",
    [&](const config_value::list& given) -> expected<void> {
      for (auto& item : given) {
        auto* folder = get_if<std::string>(&item);
        if (!folder)
          return from.wrong("search-paths", caf::to_string(item),
                            "a list of texts");
        python.search_paths.push_back(*folder);
      }
      return {};
    });
}

expected<void> read_flag(const section& from, std::string_view key,
                         bool& target) {
  return from.read<bool>(key, "true or false",
                         [&](bool given) -> expected<void> {
                           target = given;
                           return {};
                         });
}

expected<void> read_wedged_gil(const section& from, runtime_options& options) {
  constexpr auto wanted = "report or abort-process";
  return from.read<std::string>(
    "on-wedged-gil", wanted, [&](const std::string& given) -> expected<void> {
      if (given == "report")
        options.on_wedged_gil = wedged_gil_policy::report;
      else if (given == "abort-process")
        options.on_wedged_gil = wedged_gil_policy::abort_process;
      else
        return from.wrong("on-wedged-gil", "'" + given + "'", wanted);
      return {};
    });
}

expected<void> check_pool(const std::string& name, const pool_options& pool) {
  auto path = "pyactor.pools." + name;
  if (pool.size == 0)
    return fail(errc::invalid_argument,
                path + ".size is 0; a pool needs at least one context");
  if (pool.kind == interpreter_kind::own_gil
      && !main_interpreter::supports_own_gil())
    return fail(errc::unsupported,
                path
                  + ".kind is own_gil, which needs CPython 3.14 or newer; "
                    "this is CPython "
                  + main_interpreter::version()
                  + ", in which extension modules such as numpy abort the "
                    "process there. Use kind main");
  return {};
}

} // namespace

pool_options default_pool(size_t workers) {
  pool_options result;
  if (!main_interpreter::supports_own_gil())
    return result;
  result.kind = interpreter_kind::own_gil;
  auto hardware = std::max(1u, std::thread::hardware_concurrency());
  result.size = std::clamp<size_t>(workers, 1, hardware);
  return result;
}

void configure(caf::actor_system_config& config) {
  add_error_renderer(config);
  auto& options = options_of(config);
  options.add(dictionary_option("pyactor", "pools", "named pools of contexts"));
  caf::config_option_adder{options, "pyactor"}
    .add<std::vector<std::string>>("search-paths", "folders for sys.path")
    .add<std::string>("venv", "folder of a virtual environment")
    .add<std::string>("allocator", "'standard' or 'malloc'")
    .add<caf::timespan>("switch-interval",
                        "time after which Python offers the GIL")
    .add<size_t>("nesting-depth", "limit on the nesting of values")
    .add<size_t>("value-elements", "limit on the elements of a value")
    .add<size_t>("code-cache", "compiled texts kept for each interpreter")
    .add<bool>("main-thread-is-context",
               "Python's main thread is the first context of kind main")
    .add<caf::timespan>("stop-deadline", "bound on the runtime's end")
    .add<caf::timespan>("interrupt-grace",
                        "time that an interrupted call has to come back")
    .add<caf::timespan>("gil-patience",
                        "time after which a GIL that cannot be had is wedged")
    .add<std::string>("on-wedged-gil", "'report' or 'abort-process'")
    .add<std::string>("log-level",
                      "trace, debug, info, warning, error, critical or off");
}

expected<runtime_options> read_options(const caf::actor_system_config& config,
                                       size_t workers) {
  runtime_options result;
  result.pools.emplace("default", default_pool(workers));
  auto found = config.content.find("pyactor");
  if (found == config.content.end())
    return result;
  auto* content = get_if<config_value::dictionary>(&found->second);
  if (!content)
    return fail(errc::invalid_argument,
                "the option pyactor must be a dictionary");
  section from{*content, "pyactor"};
  for (auto& step : {
         read_pools(from, result),
         read_search_paths(from, result.python),
         from.read_string("venv", result.python.venv),
         read_allocator(from, result.python),
         from.read_time("switch-interval", result.python.switch_interval),
         from.read_size("nesting-depth", result.limits.nesting_depth, 1),
         from.read_size("value-elements", result.limits.value_elements, 1),
         from.read_size("code-cache", result.limits.code_cache_entries, 1),
         read_flag(from, "main-thread-is-context",
                   result.main_thread_is_context),
         from.read_time("stop-deadline", result.stop_deadline),
         from.read_time("interrupt-grace", result.interrupt_grace),
         from.read_time("gil-patience", result.gil_patience),
         read_wedged_gil(from, result),
         from.read_string("log-level", result.log_level),
       })
    if (!step)
      return unexpected{step.error()};
  if (auto good = check(result); !good)
    return unexpected{std::move(good).error()};
  return result;
}

expected<void> check(const runtime_options& options) {
  if (options.pools.empty())
    return fail(errc::invalid_argument,
                "there is no pool; give pyactor.pools at least one");
  size_t blas = 0;
  for (auto& [name, pool] : options.pools) {
    if (auto good = check_pool(name, pool); !good)
      return good;
    if (pool.blas_threads == 0)
      continue;
    if (blas != 0 && blas != pool.blas_threads)
      return fail(errc::invalid_argument,
                  "pyactor.pools." + name + ".blas-threads is "
                    + std::to_string(pool.blas_threads) + ", another pool's is "
                    + std::to_string(blas)
                    + "; BLAS knows one number for the process, so they must "
                      "agree");
    blas = pool.blas_threads;
  }
  if (options.limits.nesting_depth > value::max_depth)
    return fail(errc::invalid_argument,
                "pyactor.nesting-depth is "
                  + std::to_string(options.limits.nesting_depth)
                  + "; it must be at most " + std::to_string(value::max_depth));
  if (options.main_thread_is_context
      && std::ranges::none_of(options.pools, [](auto& entry) {
           return entry.second.kind == interpreter_kind::main;
         }))
    return fail(errc::invalid_argument,
                "pyactor.main-thread-is-context needs a pool of kind main");
  return {};
}

} // namespace pyactor::runtime
