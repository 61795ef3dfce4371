//! Who waits, and which of them may go now (ADR-039).

use std::collections::{HashSet, VecDeque};

use uuid::Uuid;

/// Those that wait, in order of arrival, each with its subjects: what it works on.
///
/// Sets that share no subject may be worked on side by side. Of those that share one, nobody overtakes another: an order
/// for a hot product waits, and lets pass only who wants nothing of what it or anybody before it wants.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    waiting: VecDeque<Waiting<T>>,
    /// The subjects of the sets under way.
    taken: HashSet<Uuid>,
    /// How many at the front have been looked at in vain since a set was done, and the subjects that they wait for.
    passed_over: usize,
    wanted: HashSet<Uuid>,
}

#[derive(Debug)]
struct Waiting<T> {
    item: T,
    subjects: Vec<Uuid>,
}

/// A set that may go.
#[derive(Debug)]
pub(crate) struct NextSet<T> {
    pub(crate) items: Vec<T>,
    /// To be given back once the set is done.
    pub(crate) subjects: Vec<Uuid>,
}

impl<T> Pending<T> {
    pub(crate) fn new() -> Self {
        Self { waiting: VecDeque::new(), taken: HashSet::new(), passed_over: 0, wanted: HashSet::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn push(&mut self, item: T, subjects: Vec<Uuid>) {
        self.waiting.push_back(Waiting { item, subjects });
    }

    /// The next set of at most so many, if anybody may go.
    pub(crate) fn next_set(&mut self, most: usize) -> Option<NextSet<T>> {
        let mut next = NextSet { items: Vec::new(), subjects: Vec::new() };
        for waiting in self.waiting.split_off(self.passed_over) {
            let free = |subject| !self.taken.contains(subject) && !self.wanted.contains(subject);
            if next.items.len() == most {
                self.waiting.push_back(waiting);
            } else if waiting.subjects.iter().all(free) {
                next.items.push(waiting.item);
                next.subjects.extend(waiting.subjects);
            } else {
                self.wanted.extend(&waiting.subjects);
                self.waiting.push_back(waiting);
                self.passed_over += 1;
            }
        }
        self.taken.extend(&next.subjects);
        (!next.items.is_empty()).then_some(next)
    }

    /// A set is done: whoever waits for its subjects may go.
    pub(crate) fn done(&mut self, subjects: &[Uuid]) {
        for subject in subjects {
            self.taken.remove(subject);
        }
        self.passed_over = 0;
        self.wanted.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn subject(n: u8) -> Uuid {
        Uuid::from_u128(n.into())
    }

    fn pending(waiting: &[&[u8]]) -> Pending<usize> {
        let mut pending = Pending::new();
        for (n, subjects) in waiting.iter().enumerate() {
            pending.push(n, subjects.iter().copied().map(subject).collect());
        }
        pending
    }

    #[test]
    fn those_who_share_something_with_a_set_under_way_wait_for_it() {
        let mut pending = pending(&[&[1], &[1, 2], &[2, 3], &[4]]);
        let first = pending.next_set(1).unwrap();
        assert_eq!(first.items, [0]);
        // The second waits for 1 and the third, behind it, for 2.
        let beside = pending.next_set(9).unwrap();
        assert_eq!(beside.items, [3]);
        assert!(pending.next_set(9).is_none());
        pending.done(&first.subjects);
        assert_eq!(pending.next_set(9).unwrap().items, [1, 2]);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn those_without_subjects_wait_for_nobody() {
        let mut pending = pending(&[&[], &[], &[]]);
        assert_eq!(pending.next_set(2).unwrap().items, [0, 1]);
        assert_eq!(pending.next_set(2).unwrap().items, [2]);
    }

    proptest! {
        #[test]
        fn sets_under_way_share_nothing_nobody_overtakes_and_everybody_goes(
            arrivals in vec(vec(0_u8..6, 0..4), 1..60),
            moves in vec((0_u8..3, 1_usize..6), 1..200),
        ) {
            let mut pending = Pending::new();
            let mut arrivals = arrivals.into_iter().enumerate();
            let mut under_way: Vec<NextSet<(usize, Vec<u8>)>> = Vec::new();
            let mut gone: Vec<(usize, Vec<u8>)> = Vec::new();
            // In the end nobody arrives any more and all sets are done.
            let ending = [(1, 5), (2, 1)].into_iter().cycle().take(400);
            let moves = moves.into_iter().chain([(0, 1); 60]).chain(ending);
            for (what, number) in moves {
                match what {
                    0 => if let Some((n, subjects)) = arrivals.next() {
                        let of = subjects.iter().copied().map(subject).collect();
                        pending.push((n, subjects), of);
                    },
                    1 => if let Some(set) = pending.next_set(number) {
                        prop_assert!(set.items.len() <= number);
                        for other in &under_way {
                            prop_assert!(set.subjects.iter().all(|subject| !other.subjects.contains(subject)));
                        }
                        gone.extend(set.items.iter().cloned());
                        under_way.push(set);
                    },
                    _ => if !under_way.is_empty() {
                        let set = under_way.remove(number % under_way.len());
                        pending.done(&set.subjects);
                    },
                }
            }
            prop_assert_eq!(pending.len(), 0, "everybody goes");
            for (place, (n, subjects)) in gone.iter().enumerate() {
                for (later, others) in &gone[place + 1..] {
                    let share = subjects.iter().any(|subject| others.contains(subject));
                    prop_assert!(!share || n < later, "{later} overtook {n}");
                }
            }
        }
    }
}
