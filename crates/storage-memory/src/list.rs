//! Pages of lists.

use std::cmp::Ordering;

use jangteo_shared_kernel::{Page, PageRequest};

/// One page of the rows that sort behind the request's position.
pub(crate) fn page<'a, T: Clone + 'a, P>(
    rows: impl Iterator<Item = &'a T>,
    request: &PageRequest<P>,
    position: impl Fn(&T) -> P,
    order: impl Fn(&P, &P) -> Ordering,
) -> Page<T, P> {
    let behind = |row: &P| request.after.as_ref().is_none_or(|after| order(row, after).is_gt());
    let mut found: Vec<(P, &T)> =
        rows.map(|row| (position(row), row)).filter(|(place, _)| behind(place)).collect();
    found.sort_by(|(a, _), (b, _)| order(a, b));
    let rows =
        found.into_iter().take(usize::from(request.limit.get()) + 1).map(|(_, row)| row.clone()).collect();
    Page::from_rows(rows, request.limit, position)
}
