//! Items that belong together, by number.

use std::collections::HashMap;
use std::hash::Hash;

/// A partition of some of the items.
#[derive(Debug, Default)]
pub struct Groups {
    of: Vec<Option<u32>>,
    members: Vec<Vec<u32>>,
}

impl Groups {
    /// Items of the same key; one without a key belongs to none.
    pub fn by<K: Eq + Hash>(keys: impl Iterator<Item = Option<K>>) -> Self {
        let mut numbers = HashMap::new();
        let mut groups = Self::default();
        for (item, key) in keys.enumerate() {
            let group = key.map(|key| {
                let next = numbers.len();
                *numbers.entry(key).or_insert(next)
            });
            if let Some(group) = group {
                if group == groups.members.len() {
                    groups.members.push(Vec::new());
                }
                groups.members[group].push(item as u32);
            }
            groups.of.push(group.map(|group| group as u32));
        }
        groups
    }

    /// The group of an item, itself included.
    pub fn members(&self, item: usize) -> &[u32] {
        let group = self.of.get(item).copied().flatten();
        group.map_or(&[][..], |group| &self.members[group as usize])
    }

    /// The group of an item without itself.
    pub fn others(&self, item: usize) -> impl Iterator<Item = u32> {
        let members = self.members(item).iter().copied();
        members.filter(move |&other| other as usize != item)
    }

    /// Whether the two are not known to belong together.
    pub fn differ(&self, a: u32, b: usize) -> bool {
        let [a, b] = [a as usize, b].map(|item| self.of.get(item).copied().flatten());
        a.is_none() || a != b
    }

    /// How many groups have two members or more.
    pub fn larger_than_one(&self) -> usize {
        self.members
            .iter()
            .filter(|members| members.len() > 1)
            .count()
    }
}
