// Cases of OTP's own test suite about significant children, under their names
// there; README.md lists them.

#include <pyactor/test/supervisors/otp.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace otp_significant_test {

using namespace pyactor::supervisors;
using namespace std::chrono_literals;
using namespace otp;

#define TEST(name, what) TEST_CASE(name ": " what, "[otp_significant]")

namespace {

constexpr auto any = auto_shutdown::any_significant;
constexpr auto all = auto_shutdown::all_significant;

supervisor_flags ending_with(auto_shutdown end,
                             restart_strategy strategy
                             = restart_strategy::one_for_one) {
  auto result = flags(strategy);
  result.auto_shutdown = end;
  return result;
}

child_spec significant(child_spec spec) {
  spec.significant = true;
  return spec;
}

/// A supervisor of two significant children, s1 and s2, and of one between them
/// that is not; s2 ends a stop as if of its own accord.
struct significant_pair : otp_world {
  explicit significant_pair(auto_shutdown end,
                            restart_type type = restart_type::transient,
                            restart_strategy strategy
                            = restart_strategy::one_for_one) {
    child("s2").last_words = normal;
    start(ending_with(end, strategy),
          {significant(spec("s1", type)), spec("plain"),
           significant(spec("s2", type))});
    journal.clear();
  }

  /// Lets time pass, and looks.
  bool goes_on() {
    advance(1s);
    return !supervisor_end;
  }

  bool all_ended() {
    return supervisor_end == shutdown && !alive("s1") && !alive("s2")
           && !alive("plain");
  }
};

/// A child that is not significant ends in each way, and its supervisor goes
/// on.
void check_nonsignificant(restart_type type) {
  for (auto end : {auto_shutdown::never, any, all})
    for (auto how : all_endings) {
      otp_world w;
      w.start(ending_with(end), {w.spec("c1", type)});
      end_child(w, "c1", how);
      w.advance(1s);
      CHECK_FALSE(w.supervisor_end);
      auto comes_back = how == ending::kill || how == ending::abnormal;
      if (type == restart_type::temporary)
        CHECK(w.which().empty());
      else
        CHECK(w.which() == (comes_back ? "c1:running" : "c1:stopped"));
    }
}

/// @returns whether such an end of a significant child counts
bool counts(restart_type type, ending how) {
  return how != ending::order
         && (type == restart_type::temporary || is_orderly(how));
}

void check_any(restart_type type) {
  for (auto how : all_endings)
    for (const char* id : {"s1", "s2"}) {
      significant_pair w{any, type};
      end_child(w, id, how);
      if (counts(type, how)) {
        CHECK(w.all_ended());
        continue;
      }
      CHECK(w.goes_on());
      CHECK(w.alive("plain"));
      CHECK(w.alive(id) == (how != ending::order));
    }
}

/// @returns whether a child of this type is away for good after such an end
bool is_away(restart_type type, ending how) {
  return how == ending::order || counts(type, how);
}

/// The first significant child ends in each way, then the other one.
void check_all(restart_type type) {
  for (auto first : all_endings)
    for (auto second : all_endings) {
      significant_pair w{all, type};
      end_child(w, "s1", first);
      CHECK(w.goes_on());
      CHECK(w.alive("s2"));
      end_child(w, "s2", second);
      if (is_away(type, first) && counts(type, second)) {
        CHECK(w.all_ended());
        continue;
      }
      CHECK(w.goes_on());
      CHECK(w.alive("plain"));
    }
}

} // namespace

TEST("nonsignificant_temporary",
     "no end of a temporary child that is not significant ends a supervisor") {
  check_nonsignificant(restart_type::temporary);
}

TEST("nonsignificant_transient",
     "no end of a transient child that is not significant ends a supervisor") {
  check_nonsignificant(restart_type::transient);
}

TEST("significant_temporary",
     "any end that nobody has ordered of a temporary child ends a supervisor "
     "with any_significant") {
  check_any(restart_type::temporary);
}

TEST("significant_temporary",
     "any such end ends one with all_significant, if no other is left") {
  check_all(restart_type::temporary);
}

TEST("significant_transient",
     "an end that is no crash ends a supervisor with any_significant") {
  check_any(restart_type::transient);
}

TEST("significant_transient",
     "such an end ends one with all_significant, if no other is left") {
  check_all(restart_type::transient);
}

TEST("significant_transient", "the others are stopped newest first") {
  significant_pair w{any};
  w.tell("s1", die{normal});
  CHECK(w.happened() == "end s1, end s2, end plain");
  CHECK(std::ranges::count(w.events, supervision_event::kind::auto_shutdown,
                           &supervision_event::what)
        == 1);
}

TEST("significant_bystander",
     "a group that stops its significant members ends no supervisor") {
  for (auto end : {any, all})
    for (auto type : {restart_type::transient, restart_type::temporary})
      for (auto strategy :
           {restart_strategy::one_for_one, restart_strategy::one_for_all,
            restart_strategy::rest_for_one}) {
        significant_pair w{end, type, strategy};
        w.kill("plain");
        CHECK(w.goes_on());
        auto keeps = [&](bool is_member) {
          return type == restart_type::transient || !is_member;
        };
        auto s1 = keeps(strategy == restart_strategy::one_for_all);
        auto s2 = keeps(strategy != restart_strategy::one_for_one);
        CHECK(w.which()
              == std::string{s2 ? "s2:running " : ""} + "plain:running"
                   + (s1 ? " s1:running" : ""));
        CHECK(w.child("plain").starts == 2);
      }
}

TEST("significant_escalation",
     "a supervisor that ends with its child is a significant end itself") {
  for (auto is_significant : {true, false}) {
    otp_world w;
    auto c = significant(w.spec("c", restart_type::transient));
    auto b = child_spec{
      .id = "b",
      .start = supervise(ending_with(any), {c}),
      .restart = restart_type::transient,
      .significant = is_significant,
      .type = child_type::supervisor,
    };
    w.start(ending_with(any), {w.spec("other"), b});
    auto b_end = end_of(w.ref->child("b").current().value());
    w.tell("c", die{normal});
    CHECK(w.ended_with("c", normal));
    CHECK(*b_end == shutdown);
    CHECK(w.supervisor_end.has_value() == is_significant);
    CHECK(w.alive("other") != is_significant);
    if (is_significant)
      CHECK(w.supervisor_end == shutdown);
    else
      CHECK(w.which() == "b:stopped other:running");
  }
}

} // namespace otp_significant_test
