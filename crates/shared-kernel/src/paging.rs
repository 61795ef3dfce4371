//! Keyset paging: the hundredth page costs what the first does.

use std::num::NonZeroU16;

/// How many items a page has at most: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(NonZeroU16);

/// The limit is not 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a limit is 1 to 100")]
pub struct InvalidLimit;

impl Limit {
    /// What a caller gets who does not say: 20.
    pub const DEFAULT: Self = match NonZeroU16::new(20) {
        Some(limit) => Self(limit),
        None => unreachable!(),
    };

    /// A page of at most `items`.
    pub fn new(items: u16) -> Result<Self, InvalidLimit> {
        NonZeroU16::new(items).filter(|limit| limit.get() <= 100).map(Self).ok_or(InvalidLimit)
    }

    /// The most items that the page has.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// How many rows to ask a storage for: one more, which tells whether there is another page.
    #[must_use]
    pub fn rows(self) -> u64 {
        u64::from(self.0.get()) + 1
    }
}

/// Which page of a list is wanted. `P` is the position in that list: the sort key and the id of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<P> {
    /// How many items at most.
    pub limit: Limit,
    /// Start right behind this position; `None` is the first page.
    pub after: Option<P>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, P> {
    /// The items in the order of the list.
    pub items: Vec<T>,
    /// The position of the last item if others follow it.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// A page from up to [`Limit::rows`] rows, as read from a storage.
    pub fn from_rows(mut rows: Vec<T>, limit: Limit, position: impl Fn(&T) -> P) -> Self {
        let limit = usize::from(limit.get());
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(position) } else { None };
        Self { items: rows, next }
    }

    /// The page with each item turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U, P> {
        Page { items: self.items.into_iter().map(turn).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_one_to_a_hundred() {
        assert_eq!(Limit::new(0), Err(InvalidLimit));
        assert_eq!(Limit::new(101), Err(InvalidLimit));
        assert_eq!(Limit::new(100).unwrap().rows(), 101);
        assert_eq!(Limit::DEFAULT.get(), 20);
    }

    #[test]
    fn names_a_next_page_only_if_there_is_one() {
        let limit = Limit::new(2).unwrap();
        assert_eq!(Page::from_rows(vec![1, 2], limit, |n| *n), Page { items: vec![1, 2], next: None });
        assert_eq!(Page::from_rows(vec![1, 2, 3], limit, |n| *n), Page { items: vec![1, 2], next: Some(2) });
    }
}
