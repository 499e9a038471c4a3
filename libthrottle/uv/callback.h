// Callback<void(int)>: a receiver to call, in two words and without a heap: a member function bound
// to its object, or a callable that somebody else keeps. It refers and does not own: the receiver
// outlives the object that holds the callback.
//
//   Timer timer_{loop, bound<&Server::on_deadline>(this)};
//   auto on_due = [&] { ++turns; };
//   Timer timer(loop, on_due);
//
// Threads: values only.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace throttle::uv {

template <typename Signature>
class Callback;

template <auto Method, typename Receiver>
struct BoundMethod {
  Receiver* receiver;
};

// The member function `Method` of `*receiver`; converts to a Callback of its signature.
template <auto Method, typename Receiver>
constexpr BoundMethod<Method, Receiver> bound(Receiver* receiver) {
  return {receiver};
}

template <typename... Arguments>
class Callback<void(Arguments...)> {
 public:
  // Both are implicit, so that a function that takes a callback can be given a receiver.
  template <auto Method, typename Receiver>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Callback(BoundMethod<Method, Receiver> target)
      : receiver_(target.receiver), call_([](void* receiver, Arguments... arguments) {
          (static_cast<Receiver*>(receiver)->*Method)(std::forward<Arguments>(arguments)...);
        }) {}

  template <std::invocable<Arguments...> Callable>
  // NOLINTNEXTLINE(google-explicit-constructor)
  requires(!std::same_as<std::remove_cv_t<Callable>, Callback>) constexpr Callback(
      Callable& callable)
      : receiver_(const_cast<std::remove_cv_t<Callable>*>(std::addressof(callable))),
        call_([](void* receiver, Arguments... arguments) {
          (*static_cast<Callable*>(receiver))(std::forward<Arguments>(arguments)...);
        }) {}

  void operator()(Arguments... arguments) const {
    call_(receiver_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* receiver_;
  void (*call_)(void*, Arguments...);
};

}  // namespace throttle::uv
