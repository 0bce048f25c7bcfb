//! Live ranks of one group: after every event the exact rank and tier, without a nightly job.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;
use rayon::slice::ParallelSliceMut;
use rustc_hash::FxBuildHasher;

use super::Tier;
use super::order::Order;
use crate::value::WeightedSum;

/// Where a customer stands in his group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// From 1. Ties are broken by id, the smaller first.
    pub rank: u64,
    /// How many are ranked in the group.
    pub size: u64,
    /// The tier that rank has in a group of that size.
    pub tier: Tier,
}

/// The ranks of one group, exact after each change.
///
/// Ranked by weighted sum, the highest first, ties by id. About 36 bytes a customer with 16-byte ids. All sums must come
/// from one version of the model: when it changes, load again.
#[derive(Clone, Debug, Default)]
pub struct LiveRanks<Id> {
    ids: Vec<Id>,
    sums: Vec<i64>,
    slots: HashTable<u32>,
    free: Vec<u32>,
    order: Option<Order<Key<Id>>>,
}

/// Sorts the highest sum first, then the smallest id.
type Key<Id> = (Reverse<i64>, Id);

impl<Id: Copy + Ord + Hash> LiveRanks<Id> {
    /// An empty group.
    pub fn new() -> Self {
        Self {
            ids: Vec::new(),
            sums: Vec::new(),
            slots: HashTable::new(),
            free: Vec::new(),
            order: None,
        }
    }

    /// Sets a customer's sum, new or changed, and says where he now stands.
    pub fn place(&mut self, id: Id, sum: WeightedSum) -> Standing {
        let slot = match self.slot_of(id) {
            Some(slot) if self.sums[slot as usize] == sum.0 => return self.standing_of_slot(slot),
            Some(slot) => {
                self.unlink(slot);
                self.sums[slot as usize] = sum.0;
                slot
            }
            None => self.take_slot(id, sum),
        };
        let (ids, sums) = (&self.ids, &self.sums);
        let order = self
            .order
            .get_or_insert_with(|| Order::from_sorted(&[], |slot| key(ids, sums, slot)));
        let position = order.insert(slot, |slot| key(ids, sums, slot));
        standing(position, order.len())
    }

    /// Takes a customer out (erased, merged, opted out, no longer scored) and says whether he was there.
    pub fn remove(&mut self, id: Id) -> bool {
        let Some(slot) = self.slot_of(id) else {
            return false;
        };
        self.unlink(slot);
        let (hash, ids) = (hash(id), &self.ids);
        if let Ok(entry) = self
            .slots
            .find_entry(hash, |&other| ids[other as usize] == id)
        {
            entry.remove();
        }
        self.free.push(slot);
        true
    }

    /// Where a customer stands; `None` when he is not ranked.
    pub fn standing(&self, id: Id) -> Option<Standing> {
        self.slot_of(id).map(|slot| self.standing_of_slot(slot))
    }

    /// The sum a customer is ranked by.
    pub fn sum(&self, id: Id) -> Option<WeightedSum> {
        self.slot_of(id)
            .map(|slot| WeightedSum(self.sums[slot as usize]))
    }

    /// The customer at a rank, from 1, with his sum.
    pub fn at_rank(&self, rank: u64) -> Option<(Id, WeightedSum)> {
        let position = usize::try_from(rank.checked_sub(1)?).ok()?;
        let slot = self.order.as_ref()?.at(position)? as usize;
        Some((self.ids[slot], WeightedSum(self.sums[slot])))
    }

    /// The rank of the first customer behind a place, whether or not somebody stands there; one more than there are if nobody does.
    pub fn rank_behind(&self, id: Id, sum: WeightedSum) -> u64 {
        let Some(order) = &self.order else {
            return 1;
        };
        let place = (Reverse(sum.0), id);
        let key_of = |slot| key(&self.ids, &self.sums, slot);
        let before = order.position(place, key_of);
        let is_taken = order.at(before).is_some_and(|slot| key_of(slot) == place);
        before as u64 + u64::from(is_taken) + 1
    }

    /// The least sum with which a customer who ranks below a tier enters it: that of its last customer, and the least step more if he
    /// would come behind that one by id. `None` when the tier is empty.
    pub fn sum_to_enter(&self, tier: Tier, id: Id) -> Option<WeightedSum> {
        let (last, sum) = self.at_rank(tier.last_rank(self.len() as u64))?;
        Some(WeightedSum(sum.0 + i64::from(last < id)))
    }

    /// How many are ranked.
    pub fn len(&self) -> usize {
        self.order.as_ref().map_or(0, Order::len)
    }

    /// Whether nobody is ranked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.ids.capacity() * size_of::<Id>()
            + self.sums.capacity() * size_of::<i64>()
            + self.slots.allocation_size()
            + self.free.capacity() * size_of::<u32>()
            + self.order.as_ref().map_or(0, Order::heap_bytes)
    }

    fn standing_of_slot(&self, slot: u32) -> Standing {
        let order = self.order.as_ref().expect("a slot in use is in the order");
        let key_of = |slot| key(&self.ids, &self.sums, slot);
        standing(order.position(key_of(slot), key_of), order.len())
    }

    fn slot_of(&self, id: Id) -> Option<u32> {
        self.slots
            .find(hash(id), |&slot| self.ids[slot as usize] == id)
            .copied()
    }

    fn take_slot(&mut self, id: Id, sum: WeightedSum) -> u32 {
        let slot = if let Some(slot) = self.free.pop() {
            (self.ids[slot as usize], self.sums[slot as usize]) = (id, sum.0);
            slot
        } else {
            grow_gently(&mut self.ids);
            grow_gently(&mut self.sums);
            self.ids.push(id);
            self.sums.push(sum.0);
            u32::try_from(self.ids.len() - 1)
                .expect("a group holds fewer than four billion customers")
        };
        let ids = &self.ids;
        self.slots
            .insert_unique(hash(id), slot, |&other| hash(ids[other as usize]));
        slot
    }

    fn unlink(&mut self, slot: u32) {
        let (ids, sums) = (&self.ids, &self.sums);
        let order = self.order.as_mut().expect("a slot in use is in the order");
        order.remove(key(ids, sums, slot), |slot| key(ids, sums, slot));
    }
}

impl<Id: Copy + Ord + Hash + Send + Sync> LiveRanks<Id> {
    /// Loads a whole group at once, in any order. Of a repeated id the last sum stands.
    pub fn load(customers: impl ExactSizeIterator<Item = (Id, WeightedSum)>) -> Self {
        let mut ranks = Self::new();
        ranks.ids.reserve_exact(customers.len());
        ranks.sums.reserve_exact(customers.len());
        ranks.slots.reserve(customers.len(), |_| 0);
        for (id, sum) in customers {
            match ranks.slot_of(id) {
                Some(slot) => ranks.sums[slot as usize] = sum.0,
                None => drop(ranks.take_slot(id, sum)),
            }
        }
        let mut sorted: Vec<u32> = (0..ranks.ids.len() as u32).collect();
        sorted.par_sort_unstable_by_key(|&slot| key(&ranks.ids, &ranks.sums, slot));
        ranks.order = Some(Order::from_sorted(&sorted, |slot| {
            key(&ranks.ids, &ranks.sums, slot)
        }));
        ranks
    }
}

fn key<Id: Copy>(ids: &[Id], sums: &[i64], slot: u32) -> Key<Id> {
    (Reverse(sums[slot as usize]), ids[slot as usize])
}

fn hash<Id: Hash>(id: Id) -> u64 {
    FxBuildHasher.hash_one(id)
}

fn standing(position: usize, len: usize) -> Standing {
    let (rank, size) = (position as u64 + 1, len as u64);
    Standing {
        rank,
        size,
        tier: Tier::of(rank, size),
    }
}

/// Grows a full vector by a sixteenth; doubling would waste 120 MB at ten million.
fn grow_gently<T>(vector: &mut Vec<T>) {
    if vector.len() == vector.capacity() {
        vector.reserve_exact((vector.len() / 16).max(1_024));
    }
}
