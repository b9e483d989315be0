#include "write/lock_names.h"

#include <algorithm>
#include <utility>

#include "base/quote.h"
#include "lock/constant_homes.h"

namespace permcrypt {
namespace {

class Namer {
 public:
  Namer(const LockedGraph& locked, const InsertedNames& names)
      : locked_(locked),
        graph_(locked.graph),
        made_(names),
        homes_(constant_homes(*locked.graph.model)) {
    for (std::size_t i = 0; i < locked.locks.size(); ++i) {
      lock_behind_[locked.locks[i].behind] = i;
      if (seen_by_users(i)) next_[locked.locks[i].before] = i;
    }
  }

  Result<LockNames> run() {
    for (std::size_t i = 0; i < locked_.locks.size(); ++i) {
      out_.values[site(i).behind] = made_.locked(i);
    }
    if (auto done = name_outputs(); !done) return fail(done.error());
    out_.graphs.resize(locked_.locks.size(), kNone);
    out_.use.resize(locked_.locks.size());
    for (std::size_t i = 0; i < locked_.locks.size(); ++i) {
      if (auto done = place(i); !done) return fail(done.error());
    }
    return std::move(out_);
  }

 private:
  const LockSite& site(std::size_t lock) const { return locked_.locks[lock]; }
  bool seen_by_users(std::size_t lock) const {
    return site(lock).kind != LockKind::kIndex && site(lock).kind != LockKind::kOutput;
  }
  FrameId main_frame() const { return graph_.bodies[0].frame; }

  // The value of the original graph that a chain of locks begins with.
  ValueId origin(ValueId value) const {
    for (auto it = lock_behind_.find(value); it != lock_behind_.end();
         it = lock_behind_.find(value)) {
      value = site(it->second).before;
    }
    return value;
  }

  // What the users of a value see: the last of the locks on it.
  ValueId seen(ValueId value) const {
    for (auto it = next_.find(value); it != next_.end(); it = next_.find(value)) {
      value = site(it->second).behind;
    }
    return value;
  }

  Result<void> name_outputs() {
    const auto& outputs = graph_.bodies[0].outputs;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const ValueId first = origin(outputs[i]);
      if (first == outputs[i]) continue;
      const std::string& name = graph_.model->structure.graph().output(static_cast<int>(i)).name();
      if (graph_.values[first].producer == kNone) {
        return fail(ErrorKind::kDefect, "an output lock on " + in_quotes(name) +
                                            ", which no node of the graph computes");
      }
      const std::string inner = made_.inner(i);
      out_.values[outputs[i]] = name;
      out_.values[first] = inner;
      out_.outputs[name] = inner;
      renamed_[first] = out_.uses.size();
      out_.uses.push_back({main_frame(), name, out_.name(locked_, seen(first))});
    }
    return {};
  }

  Result<FrameId> owner(ValueId value) const {
    const GraphValue& v = graph_.values[value];
    if (v.producer != kNone && (!graph_.nodes[v.producer].in_function || !v.returned_as.empty())) {
      return graph_.bodies[graph_.nodes[v.producer].body].frame;
    }
    for (const GraphBody& body : graph_.bodies) {
      if (v.producer == kNone &&
          std::find(body.inputs.begin(), body.inputs.end(), value) != body.inputs.end()) {
        return body.frame;
      }
    }
    if (const auto home = homes_.find(v.tensor); home != homes_.end()) return home->second;
    return fail(ErrorKind::kDefect, "a lock on " + in_quotes(v.name) +
                                        ", which has no name outside " + "of a function");
  }

  Result<void> place(std::size_t lock) {
    if (site(lock).kind == LockKind::kIndex) {
      const GraphNode& node = graph_.nodes[site(lock).node];
      if (node.in_function) {
        return fail(ErrorKind::kDefect,
                    "an index lock inside a function, at " + in_quotes(node.op));
      }
      out_.graphs[lock] = graph_.bodies[node.body].frame;
      return {};
    }
    if (site(lock).kind == LockKind::kOutput) {
      out_.graphs[lock] = main_frame();
      return {};
    }
    const ValueId first = origin(site(lock).before);
    if (!renamed_.contains(first)) {
      const auto graph = owner(first);
      if (!graph) return fail(graph.error());
      renamed_[first] = out_.uses.size();
      out_.uses.push_back({*graph, file_name(graph_.values[first]), out_.values.at(seen(first))});
    }
    out_.use[lock] = renamed_[first];
    out_.graphs[lock] = out_.uses[renamed_[first]].owner;
    return {};
  }

  const LockedGraph& locked_;
  const Graph& graph_;
  const InsertedNames& made_;
  const std::map<TensorId, FrameId> homes_;
  std::map<ValueId, std::size_t> lock_behind_, next_;  // value -> the lock that makes, or takes, it
  std::map<ValueId, std::size_t> renamed_;             // original value -> index into uses
  LockNames out_;
};

}  // namespace

const std::string& file_name(const GraphValue& value) {
  return value.returned_as.empty() ? value.name : value.returned_as;
}

const std::string& LockNames::name(const LockedGraph& locked, ValueId value) const {
  const auto it = values.find(value);
  return it != values.end() ? it->second : file_name(locked.graph.values[value]);
}

Result<LockNames> name_locks(const LockedGraph& locked, const InsertedNames& names) {
  return Namer(locked, names).run();
}

}  // namespace permcrypt
