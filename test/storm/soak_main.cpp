// Runs storms for so many minutes, says every 10 s how it goes, and fails where
// a storm finds a fault or hangs, or where something grows; see soak.hpp.

#include <pyactor/libpyactor/main_interpreter.hpp>
#include <pyactor/test/storm/soak.hpp>
#include <pyactor/test/support/footprint.hpp>
#include <pyactor/test/support/instrumented.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <random>

using namespace pyactor::test;

namespace {

template <class T>
std::optional<T> read(const char* text) {
  T result{};
  auto* end = text + std::strlen(text);
  auto [rest, wrong] = std::from_chars(text, end, result);
  if (wrong != std::errc{} || rest != end)
    return std::nullopt;
  return result;
}

/// @returns none where the arguments are wrong, which it has said then
std::optional<soak_options> read_arguments(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("usage: soak MINUTES [SEED]\n", stderr);
    return std::nullopt;
  }
  auto minutes = read<double>(argv[1]);
  if (!minutes || !(*minutes > 0) || !std::isfinite(*minutes)) {
    std::fprintf(stderr, "soak: MINUTES is %s; it must be a number above 0\n",
                 argv[1]);
    return std::nullopt;
  }
  auto seed = argc == 3 ? read<uint64_t>(argv[2]) : std::random_device{}();
  if (!seed) {
    std::fprintf(stderr, "soak: SEED is %s; it must be a whole number\n",
                 argv[2]);
    return std::nullopt;
  }
  return soak_options{.duration = soak_options::seconds{*minutes * 60},
                      .seed = *seed};
}

} // namespace

int main(int argc, char** argv) {
  auto options = read_arguments(argc, argv);
  if (!options)
    return 2;
  if (!instrumented && !use_one_arena()) {
    std::fputs("soak: the C library does not take M_ARENA_MAX\n", stderr);
    return 1;
  }
  std::printf("soak: %.1f minutes from seed %llu, CPython %s\n",
              options->duration.count() / 60,
              static_cast<unsigned long long>(options->seed),
              pyactor::main_interpreter::version().c_str());
  return run_soak(*options) ? 0 : 1;
}
