#include <pyactor/runtime/os_thread.hpp>

#include <cstring>
#include <memory>
#include <utility>

namespace pyactor::runtime {

namespace {

struct start_data {
  std::string name;
  std::function<void()> body;
};

void* run(void* raw) {
  std::unique_ptr<start_data> data{static_cast<start_data*>(raw)};
  name_this_thread(data->name);
  data->body();
  return nullptr;
}

/// @returns the attributes' error number, 0 for success
int set_stack_size(pthread_attr_t& attributes, size_t bytes) {
  return bytes == 0 ? 0 : pthread_attr_setstacksize(&attributes, bytes);
}

} // namespace

void name_this_thread(const std::string& name) noexcept {
  char text[16] = {};
  std::strncpy(text, name.c_str(), sizeof(text) - 1);
  pthread_setname_np(pthread_self(), text);
}

os_thread::~os_thread() {
  join();
}

expected<void> os_thread::start(std::string name, size_t stack_size_bytes,
                                std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  auto data = std::make_unique<start_data>(
    start_data{std::move(name), std::move(body)});
  auto refused = set_stack_size(attributes, stack_size_bytes);
  auto failed = refused
                  ? refused
                  : pthread_create(&handle_, &attributes, run, data.get());
  pthread_attr_destroy(&attributes);
  if (refused)
    return fail(errc::invalid_argument,
                "a thread stack of " + std::to_string(stack_size_bytes)
                  + " bytes is refused by the system: " + std::strerror(refused)
                  + "; give at least 16384, or 0 for the default");
  if (failed)
    return fail(errc::start_failed,
                std::string{"cannot start a thread: "} + std::strerror(failed));
  static_cast<void>(data.release()); // the thread owns it now
  running_ = true;
  return {};
}

void os_thread::join() noexcept {
  if (std::exchange(running_, false))
    pthread_join(handle_, nullptr);
}

void os_thread::detach() noexcept {
  if (std::exchange(running_, false))
    pthread_detach(handle_);
}

} // namespace pyactor::runtime
