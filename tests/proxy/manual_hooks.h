// Hooks that the tests answer.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "libthrottle/proxy/hook_runner.h"

namespace throttle::proxy {

// Hooks that run until the test says otherwise.
struct ManualHooks final : HookRunner {
  struct Started final : Run {
    Started(ManualHooks& its_runner, const HookCall& its_call, Listener& its_listener)
        : runner(its_runner), call(its_call), listener(its_listener) {}
    ~Started() override {
      ++runner.destroyed;
      std::erase(runner.running, this);
    }
    ManualHooks& runner;
    HookCall call;
    Listener& listener;
  };

  bool wants(HookKind kind) const noexcept override { return kinds.contains(kind); }
  Result<std::unique_ptr<Run>> start(const HookCall& call, Listener& listener) override {
    calls.push_back(call);
    if (cannot_start) return fail(ErrorCode::kUnavailable, "no shell");
    if (at_once) {
      listener.on_ended(*at_once);
      return nullptr;
    }
    auto started = std::make_unique<Started>(*this, call, listener);
    running.push_back(started.get());
    return started;
  }
  // The one that runs longest.
  void end_first(Result<void> verdict = {}) {
    ASSERT_FALSE(running.empty());
    running.front()->listener.on_ended(std::move(verdict));
  }

  std::vector<HookCall> calls;
  std::vector<Started*> running;
  std::set<HookKind> kinds;
  bool cannot_start = false;
  std::optional<Result<void>> at_once;
  int destroyed = 0;
};

}  // namespace throttle::proxy
