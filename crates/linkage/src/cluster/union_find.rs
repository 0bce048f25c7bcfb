//! Disjoint sets.

/// Disjoint sets of record numbers; the smallest number of a set is its root.
pub struct UnionFind {
    parents: Vec<u32>,
}

impl UnionFind {
    /// Every record alone.
    pub fn new(records: usize) -> Self {
        Self {
            parents: (0..records as u32).collect(),
        }
    }

    /// The root of the record's set.
    pub fn find(&mut self, mut record: u32) -> u32 {
        while self.parents[record as usize] != record {
            let grandparent = self.parents[self.parents[record as usize] as usize];
            self.parents[record as usize] = grandparent;
            record = grandparent;
        }
        record
    }

    /// Joins two sets.
    pub fn union(&mut self, left: u32, right: u32) {
        let (left, right) = (self.find(left), self.find(right));
        self.parents[left.max(right) as usize] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_join() {
        let mut sets = UnionFind::new(5);
        sets.union(3, 4);
        sets.union(4, 1);
        assert_eq!([sets.find(3), sets.find(4), sets.find(0)], [1, 1, 0]);
    }
}
