#pragma once

#include <pyactor/libpyactor/export.hpp>
#include <pyactor/supervisors/child_spec.hpp>
#include <pyactor/supervisors/error.hpp>
#include <pyactor/supervisors/reload.hpp>
#include <pyactor/supervisors/statistics.hpp>
#include <pyactor/supervisors/supervisor_flags.hpp>

#include <string>
#include <vector>

/// What a supervisor understands, for actors that talk to it directly. Each is
/// a request; the comment names the response. Nobody else needs these:
/// `supervisor_ref` has a function for each.
namespace PYACTOR_EXPORT pyactor {
namespace supervisors {

// -- orders; executed one after another for each child id ---------------------

/// Adds a child at the end of the start order and starts it. -> order_reply
struct start_child {
  /// The new child's; may have `generated_id`.
  child_spec spec;
};

/// Adds a child that comes from the one spec of the supervisor, and starts it.
/// -> order_reply
struct start_child_with {
  /// What its start function finds in its `start_context`, for each
  /// incarnation.
  caf::message arguments;
};

/// Starts a stopped child. -> order_reply
struct restart_child {
  /// The child's.
  std::string id;
};

/// Stops a child, without counting it as a restart, and starts it again with
/// fresh state. Starts a stopped one. -> order_reply
struct cycle_child {
  /// The child's.
  std::string id;
};

/// Ends the wait of a child for its restart: the start comes now, as if its
/// time had come. -> order_reply
struct retry_now {
  /// The child's.
  std::string id;
};

/// Stops a child; it stays stopped. Drops the spec of a temporary one.
/// -> order_reply
struct terminate_child {
  /// The child's.
  std::string id;
};

/// Drops the spec of a stopped child. -> order_reply
struct delete_child {
  /// The child's.
  std::string id;
};

/// What has come of an order.
struct order_reply {
  /// The incarnation that it started; 0 where it started none. Errors as those
  /// of the functions of `supervisor_ref`.
  sup_expected<incarnation_id> result;
  /// The child that it was for; a new one by the id that it has got.
  std::string id{};
  /// What the start function of that incarnation has told.
  caf::message told{};
};

// -- an order for all children; those for one of them wait for it -------------

/// Gives the supervisor other flags and another list. -> reload_reply
struct reload {
  /// In place of those it has.
  supervisor_flags flags;
  /// In the order of their starts from now on.
  std::vector<child_spec> specs;
  /// What becomes of children that are in one list only.
  reload_mode mode = reload_mode::otp;
};

/// What a reload did.
struct reload_reply {
  /// Errors as those of `supervisor_ref::reload`.
  sup_expected<reload_summary> result;
};

// -- questions; answered at once, also while children start and stop ----------

/// -> which_children_reply
struct which_children {};

/// All children.
struct which_children_reply {
  /// Newest first.
  std::vector<child_info> children;
};

/// -> which_child_reply
struct which_child {
  /// The child's.
  std::string id;
};

/// One child, as `which_children` has it.
struct which_child_reply {
  /// Errors as those of `supervisor_ref::which_child`.
  sup_expected<child_info> result;
};

/// -> count_children_reply
struct count_children {};

/// How many there are of which kind.
struct count_children_reply {
  /// At this moment.
  child_counts counts;
};

/// -> get_child_spec_reply
struct get_child_spec {
  /// The child's.
  std::string id;
};

/// A child's spec, its defaults filled in.
struct get_child_spec_reply {
  /// `not_found` where there is no such child.
  sup_expected<child_spec> result;
};

/// -> get_statistics_reply
struct get_statistics {};

/// What the supervisor has seen and done.
struct get_statistics_reply {
  /// Since it started.
  supervisor_statistics statistics;
};

// -- life of the supervisor itself --------------------------------------------

/// Answered once the supervisor has started all children, or has failed to.
/// -> await_start_reply
struct await_start {};

/// What became of the start.
struct await_start_reply {
  /// Errors as those of `supervisor_ref::await_start`.
  sup_expected<void> result;
};

/// Stops all children, newest first, and then the supervisor. No response;
/// monitor the supervisor.
struct stop_supervisor {
  /// How much time children get.
  enum urgency : uint8_t {
    /// As much as their specs say.
    orderly,
    /// The same, but those that may take for ever are killed.
    forced,
  };

  /// Whether it may take as long as the children want.
  urgency how = orderly;
};

} // namespace supervisors
} // namespace pyactor

PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::start_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::start_child_with)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::restart_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::cycle_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::retry_now)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::terminate_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::delete_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::order_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::reload)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::reload_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::which_children)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::which_children_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::which_child)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::which_child_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::count_children)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::count_children_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_child_spec)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_child_spec_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_statistics)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::get_statistics_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::await_start)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::await_start_reply)
PYACTOR_LOCAL_MESSAGE(pyactor::supervisors::stop_supervisor)
