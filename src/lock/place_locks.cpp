#include <algorithm>
#include <set>
#include <utility>

#include "base/quote.h"
#include "infer/plain_words.h"
#include "lock/candidates.h"
#include "lock/cut_points.h"
#include "lock/flow.h"
#include "lock/guards.h"
#include "lock/joint_axes.h"
#include "lock/key_order.h"
#include "lock/open_up.h"
#include "lock/settle.h"
#include "lock/still_axes.h"
#include "lock/strength.h"
#include "lock/tables.h"
#include "lock/trunk.h"
#include "permcrypt/lock.h"

namespace permcrypt {
namespace {

// Fewer bits than this on the trunk, and further locks are placed on it.
constexpr double kEnoughBits = 64;

// Ids of fewer kinds are no vocabulary: programs set them by themselves (token types, flags), and
// renumbering them would be worth a bit or two.
constexpr std::int64_t kFewestIds = 4;

class Placement {
 public:
  Placement(const Graph& graph, const LockOptions& options) : graph_(graph), options_(options) {}

  Result<LockedGraph> run() {
    auto plain = infer(graph_, options_.infer);
    if (!plain) return tl::unexpected(plain.error());
    // A lock hides from inference which dimension an extent came from: keep what was solved for.
    options_.infer.dims = plain->bound_dims;
    auto sites = options_.carry == Carry::kKey ? find_interface_locks(graph_, *plain)
                                               : find_client_maps(graph_, *plain);
    free_memory(plain);
    auto open = options_.carry == Carry::kKey ? open_to_key(std::move(sites))
                                              : open_to_clients(std::move(sites));
    if (!open) return open;
    const auto weights = weight_factors(graph_, *open);
    if (weights.empty()) {
      const std::string why = why_nothing_moves(graph_, open->inference);
      return fail(ErrorKind::kState, "nothing to protect: no axis of any weight can be permuted",
                  why.empty() ? "the model has no weights"
                              : "what holds most of them: " + printable(in_plain_words(why), 200));
    }
    drop_idle_interface(*open, weights);
    if (options_.carry == Carry::kData) return lock_interface();
    find_cuts(*open);
    free_memory(open);
    auto locked = options_.internal == Internal::kNone ? lock_ends() : lock_all();
    if (!locked) return locked;
    if (locked->locks.empty()) {
      return fail(ErrorKind::kState, "no place for a lock in this model",
                  "neither inputs, outputs nor values between weights have an axis that can move");
    }
    if (options_.carry == Carry::kBoth) join_axes(*locked);
    locked->notes.insert(locked->notes.end(), notes_.begin(), notes_.end());
    return locked;
  }

 private:
  // A graph and all that is known of it, of a model of many nodes, is large: one at a time.
  template <class T>
  static void free_memory(Result<T>& done) {
    *done = T();
  }

  static bool is_cut(const LockSite& lock) { return lock.kind >= LockKind::kBoundary; }

  Result<LockedGraph> open_to_key(std::vector<LockSite> sites) {
    auto open = open_up(graph_, std::move(sites), options_.infer);
    if (!open) return open;
    for (const LockSite& lock : open->locks) {
      if (is_cut(lock)) guards_.insert({lock.value, lock.axis});
    }
    return open_tables(std::move(open));
  }

  // Client maps; then, if there is a key input as well, locks on ids that no map reaches.
  Result<LockedGraph> open_to_clients(std::vector<LockSite> maps) {
    sort_in_key_order(graph_, maps);
    auto tried = insert_and_infer(graph_, std::move(maps), options_.infer);
    if (!tried) return tried;
    reasons_ = still_axes(graph_, *tried);
    std::erase_if(tried->locks, [&](const LockSite& map) {
      return !has_effect(*tried, map) || is_of_few_ids(map);
    });
    auto mapped = settle(std::move(tried->locks));
    if (!mapped) return mapped;
    if (options_.carry == Carry::kData) return mapped;
    drop_idle_interface(*mapped, weight_factors(graph_, *mapped));
    auto useful = settle(interface_);
    if (!useful) return useful;
    auto locks = interface_;
    const auto tables = find_index_locks(*useful);
    locks.insert(locks.end(), tables.begin(), tables.end());
    return open_tables(settle(std::move(locks)));
  }

  // Nothing but client maps.
  Result<LockedGraph> lock_interface() {
    auto locked = settle(interface_);
    if (!locked) return locked;
    if (locked->locks.empty()) {
      std::string why;
      for (const std::string& reason : reasons_) why += (why.empty() ? "" : "; ") + reason;
      return fail(ErrorKind::kState, "the data cannot carry the key of this model",
                  why.empty() ? "it has no input or output with an axis that meets a weight" : why);
    }
    join_axes(*locked);
    locked->notes = reasons_;
    double bits = 0;
    for (const LockSite& map : locked->locks) bits += client_bits(*locked, map);
    if (bits < kEnoughBits) {
      locked->warnings.push_back("the data carries only " + std::to_string(static_cast<int>(bits)) +
                                 " bits of the key; wrongly scrambled data may still be of use");
    }
    return locked;
  }

  // With locks on tables that are read at positions which the model counts, if they free more.
  Result<LockedGraph> open_tables(Result<LockedGraph> open) {
    if (!open) return open;
    const auto find = [&](bool sparing) {
      return find_table_locks(open->graph, open->inference, Flow(open->graph), graph_.values.size(),
                              sparing);
    };
    // A model with caches runs once for each token: there, copies are felt.
    const bool sparing = options_.internal == Internal::kNone && !open->inference.caches.empty();
    const auto tables = find(sparing);
    if (sparing && tables.size() < find(false).size()) {
      notes_.push_back(
          "tables of positions stay that would be copied for every token: --internal "
          "block frees them");
    }
    if (tables.empty()) return open;
    auto locks = open->locks;
    locks.insert(locks.end(), tables.begin(), tables.end());
    auto opened = settle(std::move(locks));
    if (!opened) return open;  // fewer locks are no mistake
    std::set<std::pair<ValueId, std::uint32_t>> added;
    for (const LockSite& lock : opened->locks) {
      const auto is_it = [&](const LockSite& table) {
        return is_cut(lock) && lock.value == table.value && lock.axis == table.axis;
      };
      if (std::ranges::any_of(tables, is_it)) added.insert({lock.value, lock.axis});
    }
    const double gain =
        share_moving(graph_, opened->inference) - share_moving(graph_, open->inference);
    if (!is_worthwhile(added.size(), gain)) return open;
    guards_.merge(added);
    return opened;
  }

  bool is_guard(const LockSite& lock) const {
    return is_cut(lock) && guards_.contains({lock.value, lock.axis});
  }

  static bool is_of_few_ids(const LockSite& map) {
    return map.carrier == Carrier::kInput && map.kind == LockKind::kIndex && map.size < kFewestIds;
  }

  // An axis of the interface that moves, but lies on no weight, protects nothing.
  void drop_idle_interface(LockedGraph& locked, const std::set<ExprId>& weight_factors) {
    interface_.clear();
    for (const LockSite& lock : locked.locks) {
      if (options_.idle_maps || meets(locked, lock, weight_factors)) interface_.push_back(lock);
    }
  }

  Result<LockedGraph> settle(std::vector<LockSite> locks) const {
    return permcrypt::settle(graph_, std::move(locks), options_.infer);
  }

  void find_cuts(LockedGraph& open) {
    const Flow flow(open.graph);
    for (const CutPoint& c :
         find_cut_points(open.graph, open.inference, flow, graph_.values.size())) {
      if (guards_.contains({c.place.value, c.place.axis})) continue;
      if (!c.trunk && options_.internal != Internal::kAll) continue;
      LockSite site;
      site.kind = c.trunk ? LockKind::kBlock : LockKind::kAll;
      site.value = c.place.value;
      site.axis = c.place.axis;
      site.size = open.inference.values[site.value].axes[site.axis].a;
      (c.trunk ? trunk_ : rest_).push_back(site);
    }
  }

  std::vector<LockSite> with_interface(const std::vector<LockSite>& cuts) const {
    std::vector<LockSite> out = interface_;
    out.insert(out.end(), cuts.begin(), cuts.end());
    return out;
  }

  // Calls the ends of the trunk what they are.
  void mark_ends(std::vector<LockSite>& locks) const {
    std::vector<ValueId> values;
    std::vector<LockSite*> cuts;
    for (LockSite& lock : locks) {
      if (lock.kind != LockKind::kBlock && lock.kind != LockKind::kBoundary) continue;
      if (is_guard(lock)) continue;
      cuts.push_back(&lock);
      values.push_back(lock.value);
    }
    const auto ends = find_ends(Flow(graph_), values);
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      cuts[i]->kind = ends[i] ? LockKind::kBoundary : LockKind::kBlock;
    }
  }

  Result<LockedGraph> lock_all() {
    std::vector<LockSite> cuts = trunk_;
    if (options_.internal == Internal::kAll) cuts.insert(cuts.end(), rest_.begin(), rest_.end());
    auto locked = settle(with_interface(cuts));
    if (!locked) return locked;
    mark_ends(locked->locks);
    warn_if_weak(*locked, trunk_bits(*locked));
    return locked;
  }

  // The ends are those of the cuts that have an effect when all are made.
  Result<LockedGraph> lock_ends() {
    auto all = settle(with_interface(trunk_));
    if (!all) return all;
    mark_ends(all->locks);
    std::vector<LockSite> chosen, further;
    for (const LockSite& lock : all->locks) {
      if (is_cut(lock) && !is_guard(lock))
        (lock.kind == LockKind::kBoundary ? chosen : further).push_back(lock);
    }
    free_memory(all);
    for (std::size_t next = 0;;) {
      auto locked = settle(with_interface(chosen));
      if (!locked) return locked;
      double bits = trunk_bits(*locked);
      if (bits >= kEnoughBits || next == further.size()) {
        warn_if_weak(*locked, bits);
        return locked;
      }
      while (next < further.size() && bits < kEnoughBits) {
        bits += log2_factorial(further[next].size);
        chosen.push_back(further[next++]);
      }
    }
  }

  // How many keys the locks that touch a trunk group hold together, as a power of two.
  double trunk_bits(LockedGraph& locked) const {
    const auto trunk = free_factors(locked, trunk_);
    double bits = 0;
    for (const LockSite& lock : locked.locks) {
      const bool between = lock.kind == LockKind::kBoundary || lock.kind == LockKind::kBlock;
      if ((between && !is_guard(lock)) || meets(locked, lock, trunk)) bits += bits_of(locked, lock);
    }
    return bits;
  }

  static void warn_if_weak(LockedGraph& locked, double bits) {
    if (bits >= kEnoughBits || locked.locks.empty()) return;
    locked.warnings.push_back("the locks between blocks hold only " +
                              std::to_string(static_cast<int>(bits)) +
                              " bits together; a wrong key may still give useful results");
  }

  const Graph& graph_;
  LockOptions options_;
  std::vector<std::string> reasons_;  // why data cannot carry more of the key
  std::vector<std::string> notes_;    // what other options would free
  std::vector<LockSite> interface_;   // index, input, output locks and guards, if they have one
  // Value and axis of locks around what stays, and of those on tables.
  std::set<std::pair<ValueId, std::uint32_t>> guards_;
  std::vector<LockSite> trunk_, rest_;  // cut points
};

}  // namespace

Result<LockedGraph> place_locks(const Graph& graph, const LockOptions& options) {
  return Placement(graph, options).run();
}

}  // namespace permcrypt
