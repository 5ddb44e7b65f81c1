#pragma once

/// Marks what the shared libraries show: every namespace of an installed header
/// is opened with it, `namespace PYACTOR_EXPORT pyactor {`. All else is hidden,
/// so that it may change without breaking a program that is linked already. A
/// nested namespace stands in that of pyactor, because `a::b` takes no
/// attribute.
#define PYACTOR_EXPORT [[gnu::visibility("default")]]

/// Hides a class again that a public one declares and a source defines. Stands
/// at the definition: `struct PYACTOR_HIDDEN environment::state {`.
#define PYACTOR_HIDDEN [[gnu::visibility("hidden")]]
