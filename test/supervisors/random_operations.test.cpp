#include <pyactor/test/supervisors/model.hpp>
#include <pyactor/test/supervisors/world.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace random_operations_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using mode = child_control::start_mode;

namespace {

/// Does the same to a supervisor and to its model, at random, and looks after
/// each step that both are in the same state.
class comparison {
public:
  comparison(uint64_t seed, restart_strategy strategy)
    : random_(seed), strategy_(strategy) {
  }

  /// @param operations  on the supervisor or a child of it
  /// @returns the first difference; empty if there is none
  std::string run(int operations) {
    while (operations > 0 && difference_.empty()) {
      if (!world_ || model_->ended())
        begin();
      ++step_;
      auto what = operate();
      if (what == step_kind::none)
        continue;
      operations -= what == step_kind::operation;
      compare();
    }
    return difference_;
  }

  int lives() const {
    return lives_;
  }

private:
  static constexpr unsigned ids = 6;

  /// What a step did: nothing, what counts as no operation, or one.
  enum class step_kind : uint8_t { none, other, operation };

  unsigned roll(unsigned sides) {
    return static_cast<unsigned>(random_() % sides);
  }

  template <class T>
  T one_of(std::initializer_list<T> what) {
    return what.begin()[roll(static_cast<unsigned>(what.size()))];
  }

  /// With one spec: one of the last ids that were given out, or the next one.
  std::string any_id() {
    if (is_simple())
      return "c-"
             + std::to_string(std::max<int64_t>(
               1, static_cast<int64_t>(model_->given()) + 1 - roll(ids)));
    return std::string(1, static_cast<char>('a' + roll(ids)));
  }

  bool is_simple() const {
    return strategy_ == restart_strategy::simple_one_for_one;
  }

  supervisor_flags any_flags(restart_strategy strategy) {
    return {.strategy = strategy,
            .intensity = one_of({2U, 10U, 40U}),
            .period = one_of({300ms, 1000ms}),
            .auto_shutdown
            = is_simple()
                ? auto_shutdown::never
                : one_of({auto_shutdown::never, auto_shutdown::any_significant,
                          auto_shutdown::all_significant})};
  }

  void begin() {
    ++lives_;
    now_ = strategy_;
    auto flags = any_flags(now_);
    if (is_simple() || strategy_ == restart_strategy::one_for_one)
      flags.max_children = one_of({size_t{3}, size_t{100}});
    flags_ = flags;
    world_ = std::make_unique<world>();
    model_ = std::make_unique<supervisor_model>(flags);
    has_significant_ = flags.auto_shutdown != auto_shutdown::never;
    model_->one_type = one_of({restart_type::permanent, restart_type::transient,
                               restart_type::temporary});
    std::vector<child_spec> specs;
    if (is_simple())
      specs.push_back(world_->spec("c", model_->one_type));
    world_->start(std::move(flags), std::move(specs));
  }

  step_kind operate() {
    auto id = any_id();
    switch (auto choice = roll(17)) {
      case 0:
      case 1:
      case 2:
      case 3:
        add(id);
        break;
      case 4:
        order("terminate", id, terminate_child{id}, model_->terminate(id));
        break;
      case 5:
        order("restart", id, restart_child{id}, model_->restart(id));
        break;
      case 6:
        order("cycle", id, cycle_child{id}, model_->cycle(id));
        break;
      case 7:
        order("delete", id, delete_child{id}, model_->erase(id));
        break;
      case 8:
        break_or_mend(id);
        return step_kind::other;
      case 9:
      case 10:
        what_ = "advance";
        // Through one retry after the other, as the model does.
        for (auto left = one_of({1, 10, 300}); left > 0; --left) {
          model_->advance(1ms);
          world_->advance(1ms);
        }
        return step_kind::other;
      case 16:
        reload();
        break;
      default:
        if (!end(id, choice == 11 ? caf::error{}
                     : choice == 12
                       ? caf::make_error(caf::exit_reason::user_shutdown)
                       : crash()))
          return step_kind::none;
    }
    return step_kind::operation;
  }

  child_spec any_spec(const std::string& id) {
    auto type = one_of({restart_type::permanent, restart_type::permanent,
                        restart_type::transient, restart_type::temporary});
    auto spec = world_->spec(id, type);
    spec.significant
      = has_significant_ && type != restart_type::permanent && roll(3) == 0;
    return spec;
  }

  static supervisor_model::child model_of(const child_spec& spec) {
    return {
      .id = spec.id, .restart = spec.restart, .significant = spec.significant};
  }

  void add(const std::string& id) {
    if (is_simple()) {
      order("start with", "", start_child_with{}, model_->start_with());
      return;
    }
    auto spec = any_spec(id);
    auto expected = model_->start(model_of(spec));
    order("start", id, start_child{spec}, expected);
  }

  /// Gives both another spec for all children.
  void reload_one() {
    auto type = one_of({restart_type::permanent, restart_type::transient,
                        restart_type::temporary});
    what_ = "reload of the one spec";
    model_->reload_one(type);
    auto answer = world_->reload(flags_, {world_->spec("c", type)},
                                 one_of({reload_mode::otp, //
                                         reload_mode::converge}));
    differ("answer", answer->has_value() && answer->value().result ? "ok" : "",
           "ok");
  }

  /// Gives both another list, and perhaps another strategy.
  void reload() {
    if (is_simple()) {
      reload_one();
      return;
    }
    if (roll(3) == 0)
      now_
        = one_of({restart_strategy::one_for_one, restart_strategy::one_for_all,
                  restart_strategy::rest_for_one});
    auto flags = any_flags(now_);
    has_significant_ = flags.auto_shutdown != auto_shutdown::never;
    std::string list = "abcdef";
    std::shuffle(list.begin(), list.end(), random_);
    list.resize(roll(ids + 1));
    std::vector<child_spec> specs;
    std::vector<supervisor_model::child> expected;
    for (auto letter : list) {
      specs.push_back(any_spec({letter}));
      expected.push_back(model_of(specs.back()));
    }
    auto mode = one_of({reload_mode::otp, reload_mode::converge});
    what_ = (mode == reload_mode::otp ? "otp reload " : "converge to ") + list;
    auto error = model_->reload(flags, expected, mode);
    auto answer = world_->reload(flags, specs, mode);
    differ("answer",
           !answer->has_value() ? "none"
           : answer->value().result
             ? "ok"
             : to_string(answer->value().result.error().code),
           error ? to_string(*error) : "ok");
  }

  template <class Message>
  void order(const char* what, const std::string& id, Message message,
             std::optional<sup_errc> expected) {
    what_ = what + (" " + id);
    auto answer = world_->order(std::move(message));
    auto right = expected ? answer.failed_with(*expected) : answer.ok();
    if (!right)
      differ("answer",
             answer.answered()
               ? answer.ok() ? "ok" : to_string(answer.error().code)
               : "none",
             expected ? to_string(*expected) : "ok");
  }

  void break_or_mend(const std::string& id) {
    what_ = "break or mend " + id;
    auto breaks = model_->broken.insert(id).second;
    if (!breaks)
      model_->broken.erase(id);
    world_->child(id).start = breaks ? mode::refuse : mode::spawn;
  }

  bool end(const std::string& id, const caf::error& reason) {
    what_ = "end of " + id;
    if (!world_->alive(id))
      return false;
    auto kind = reason ? exit_class::abnormal : exit_class::normal;
    if (reason == caf::exit_reason::user_shutdown)
      kind = exit_class::shutdown;
    model_->end(id, kind);
    world_->tell(id, die{reason});
    return true;
  }

  void compare() {
    if (!difference_.empty())
      return;
    if (model_->ended() != world_->supervisor_end.has_value()) {
      differ("end", world_->supervisor_end ? "ended" : "goes on",
             model_->ended() ? "ended" : "goes on");
      return;
    }
    if (model_->ended()) {
      auto gave_up = model_->ended_by() == supervisor_model::cause::give_up;
      differ("reason of the end", text_of(*world_->supervisor_end),
             gave_up ? "give_up" : "user_shutdown");
      return;
    }
    auto found = world_->children();
    auto& expected = model_->children();
    differ("children", world_->which(), model_->which());
    for (size_t i = 0; i < found.size() && difference_.empty(); ++i) {
      auto& right = expected[expected.size() - 1 - i];
      auto text = [](uint64_t starts, uint64_t restarts) {
        return std::to_string(starts) + " starts, " + std::to_string(restarts)
               + " restarts";
      };
      differ(("counts of " + found[i].id).c_str(),
             text(found[i].starts, found[i].restarts),
             text(right.starts, right.restarts));
    }
    differ("counts", text_of(world_->count()), text_of(model_->count()));
    auto seen = world_->statistics();
    differ("restarts", std::to_string(seen.restarts),
           std::to_string(model_->restarts()));
    differ("restarts in the window", std::to_string(seen.window_used),
           std::to_string(model_->window_used()));
  }

  static std::string text_of(const child_counts& what) {
    return std::to_string(what.specs) + " specs, " + std::to_string(what.active)
           + " active, " + std::to_string(what.supervisors) + " supervisors, "
           + std::to_string(what.workers) + " workers";
  }

  static std::string text_of(const caf::error& end) {
    if (end == caf::exit_reason::user_shutdown)
      return "user_shutdown";
    return end == caf::make_error(sup_errc::give_up) ? "give_up"
                                                     : to_string(end);
  }

  /// Notes a difference, if it is one.
  void differ(const char* of, const std::string& found,
              const std::string& right) {
    if (found != right && difference_.empty())
      difference_ = "step " + std::to_string(step_) + ", " + what_ + ": " + of
                    + ": " + found + " instead of " + right;
  }

  std::mt19937_64 random_;
  const restart_strategy strategy_;
  /// Since the last reload.
  restart_strategy now_{};
  bool has_significant_ = false;
  /// At the beginning.
  supervisor_flags flags_;
  std::unique_ptr<world> world_;
  std::unique_ptr<supervisor_model> model_;
  int step_ = 0;
  int lives_ = 0;
  std::string what_;
  std::string difference_;
};

} // namespace

TEST_CASE("100 000 random operations leave a supervisor as its model says",
          "[random_operations]") {
  auto strategy = GENERATE(
    restart_strategy::one_for_one, restart_strategy::one_for_all,
    restart_strategy::rest_for_one, restart_strategy::simple_one_for_one);
  constexpr int operations = 100'000 / 4 / 10 + 1;
  // A sanitizer needs ten times as long: it sees some of them.
  constexpr uint64_t seeds = pyactor::test::instrumented ? 2 : 10;
  auto lives = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    CAPTURE(strategy, seed);
    comparison both{seed + seeds * static_cast<uint64_t>(strategy), strategy};
    REQUIRE(both.run(operations) == "");
    lives += both.lives();
  }
  CHECK(lives > static_cast<int>(seeds)); // some supervisors have given up
}

} // namespace random_operations_test
