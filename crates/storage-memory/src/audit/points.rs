//! Points, their lots and their history.

use std::collections::BTreeMap;

use jangteo_point::{PointEntry, PointEntryKind};
use jangteo_shared_kernel::{PointLotId, UserId};

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let accounts = || state.points.values();
    // By user, then by sequence.
    let history = || state.point_history.values();
    let lots = || accounts().flat_map(|account| account.lots.values());
    let movements = || history().flat_map(|entry| &entry.movements);
    let of_kind = |kind, sign: i64| {
        let of_kind = history().filter(move |entry| entry.kind == kind);
        of_kind.map(move |entry| (entry.user, i128::from(entry.amount.amount()) * i128::from(sign)))
    };
    let balances = || accounts().map(|account| (account.user, account.balance.amount()));

    book.enter("points-conserved", "charged", of_kind(PointEntryKind::Charged, 1));
    book.enter("points-conserved", "granted", of_kind(PointEntryKind::Granted, 1));
    book.enter("points-conserved", "balances", balances());
    book.enter("points-conserved", "spent", of_kind(PointEntryKind::Spent, -1));
    book.enter("points-conserved", "givenBack", of_kind(PointEntryKind::Refunded, 1));
    book.enter("points-conserved", "expired", of_kind(PointEntryKind::Expired, -1));

    let remaining = accounts()
        .flat_map(|account| account.lots.values().map(|lot| (account.user, lot.remaining.amount())));
    book.enter("point-balance-is-its-lots", "remaining", remaining);
    book.enter("point-balance-is-its-lots", "balances", balances());

    book.enter("point-sequence-is-its-entries", "entries", history().map(|entry| (entry.user, 1)));
    let counted = accounts().map(|account| (account.user, account.sequence));
    book.enter("point-sequence-is-its-entries", "counted", counted);

    let mut latest: BTreeMap<UserId, (i64, i64)> = BTreeMap::new();
    let (mut due, mut before) = (Vec::new(), Vec::new());
    for entry in history() {
        let (sequence, balance) = latest.entry(entry.user).or_default();
        due.push((entry.id, *sequence + 1));
        before.push((entry.id, *balance));
        (*sequence, *balance) = (entry.sequence, entry.balance.amount());
    }
    book.enter("point-history-has-no-gaps", "due", due);
    let numbers = history().map(|entry| (entry.id, entry.sequence));
    book.enter("point-history-has-no-gaps", "numbers", numbers);
    let amounts = || history().map(|entry| (entry.id, entry.amount.amount()));
    book.enter("point-history-runs-on", "before", before);
    book.enter("point-history-runs-on", "amounts", amounts());
    book.enter("point-history-runs-on", "after", history().map(|entry| (entry.id, entry.balance.amount())));

    book.enter("point-entry-fits-its-kind", "entries", history().map(|entry| (entry.id, 1)));
    let fitting = history().filter(|entry| fits_its_kind(entry)).map(|entry| (entry.id, 1));
    book.enter("point-entry-fits-its-kind", "fitting", fitting);

    let moved = history()
        .flat_map(|entry| entry.movements.iter().map(|movement| (entry.id, movement.amount.amount())));
    book.enter("point-entry-is-its-movements", "moved", moved);
    book.enter("point-entry-is-its-movements", "amounts", amounts());

    let moved = movements().map(|movement| (movement.lot, movement.amount.amount()));
    book.enter("point-lot-is-its-movements", "moved", moved);
    let remaining = lots().map(|lot| (lot.id, lot.remaining.amount()));
    book.enter("point-lot-is-its-movements", "remaining", remaining);

    let mut brought_in: BTreeMap<PointLotId, i64> = BTreeMap::new();
    for movement in movements() {
        brought_in.entry(movement.lot).or_insert(movement.amount.amount());
    }
    book.enter("point-lot-came-in-whole", "broughtIn", brought_in);
    book.enter("point-lot-came-in-whole", "amounts", lots().map(|lot| (lot.id, lot.amount.amount())));
}

fn fits_its_kind(entry: &PointEntry) -> bool {
    let (amount, of_payment) = (entry.amount.amount(), entry.payment.is_some());
    match entry.kind {
        PointEntryKind::Charged | PointEntryKind::Granted => amount > 0 && !of_payment,
        PointEntryKind::Spent => amount <= 0 && of_payment,
        PointEntryKind::Refunded => amount >= 0 && of_payment,
        PointEntryKind::Expired => amount < 0 && !of_payment,
    }
}
