//! Point accounts, their lots and their history.

use std::collections::BTreeMap;

use jangteo_point::{
    PointAccount, PointEntry, PointEntryKind, PointLot, PointSpending, PointSpendings, TakenFromLot,
};
use jangteo_shared_kernel::{
    Currency, Money, OrderId, PaymentId, PointHistoryId, PointLotId, StorageError, UserId,
};
use uuid::Uuid;

use crate::entity::{point_accounts, point_history, point_lot_movements, point_lots};
use crate::error::Place;
use crate::names::Named;

pub(crate) fn account_row(account: &PointAccount) -> point_accounts::Model {
    point_accounts::Model {
        user_id: account.user.as_uuid(),
        balance: account.balance.amount(),
        currency: account.balance.currency().into(),
        sequence: account.sequence,
    }
}

/// The lots that an entry brought in, with nothing remaining yet: the entry's movements fill them.
pub(crate) fn new_lot_rows(entry: &PointEntry) -> impl Iterator<Item = point_lots::Model> {
    entry.new_lots.iter().map(|lot| point_lots::Model {
        id: lot.id.as_uuid(),
        user_id: entry.user.as_uuid(),
        kind: lot.kind.name().to_owned(),
        amount: lot.amount.amount(),
        remaining: 0,
        expires_at: lot.expires_at,
        created_at: lot.created_at,
    })
}

pub(crate) fn entry_row(entry: &PointEntry) -> point_history::Model {
    point_history::Model {
        id: entry.id.as_uuid(),
        user_id: entry.user.as_uuid(),
        sequence: entry.sequence,
        kind: entry.kind.name().to_owned(),
        amount: entry.amount.amount(),
        balance: entry.balance.amount(),
        payment_id: entry.payment.map(|payment| payment.as_uuid()),
        order_id: entry.order.map(|order| order.as_uuid()),
        reason: entry.reason.clone(),
        created_at: entry.created_at,
    }
}

pub(crate) fn movement_rows(entry: &PointEntry) -> Result<Vec<point_lot_movements::Model>, StorageError> {
    let place = Place { table: "point_lot_movements", id: &entry.id };
    let movements = (1_usize..).zip(&entry.movements).map(|(number, movement)| {
        Ok(point_lot_movements::Model {
            history_id: entry.id.as_uuid(),
            number: place.read("number", number.try_into())?,
            lot_id: movement.lot.as_uuid(),
            amount: movement.amount.amount(),
        })
    });
    movements.collect()
}

/// Accounts of their rows. Lots come in any order, and stand in the account in the order of their ids.
pub(crate) fn accounts(
    rows: Vec<point_accounts::Model>,
    lots: Vec<point_lots::Model>,
) -> Result<Vec<PointAccount>, StorageError> {
    let mut lots_of: BTreeMap<Uuid, Vec<point_lots::Model>> = BTreeMap::new();
    for lot in lots {
        lots_of.entry(lot.user_id).or_default().push(lot);
    }
    rows.into_iter().map(|row| account(&row, lots_of.remove(&row.user_id).unwrap_or_default())).collect()
}

fn account(
    row: &point_accounts::Model,
    mut lots: Vec<point_lots::Model>,
) -> Result<PointAccount, StorageError> {
    let user = UserId::from_uuid(row.user_id);
    let currency = currency_of(row)?;
    lots.sort_by_key(|lot| lot.id);
    Ok(PointAccount {
        user,
        balance: Money::new(row.balance, currency),
        sequence: row.sequence,
        lots: lots.iter().map(|row| lot(row, currency)).collect::<Result<_, _>>()?,
    })
}

fn lot(row: &point_lots::Model, currency: Currency) -> Result<PointLot, StorageError> {
    let id = PointLotId::from_uuid(row.id);
    let place = Place { table: "point_lots", id: &id };
    Ok(PointLot {
        id,
        kind: place.named("kind", &row.kind)?,
        amount: Money::new(row.amount, currency),
        remaining: Money::new(row.remaining, currency),
        expires_at: row.expires_at,
        created_at: row.created_at,
    })
}

/// An entry without its lots and movements, which a list need not name.
pub(crate) fn entry(
    row: point_history::Model,
    account: &point_accounts::Model,
) -> Result<PointEntry, StorageError> {
    let id = PointHistoryId::from_uuid(row.id);
    let place = Place { table: "point_history", id: &id };
    let currency = currency_of(account)?;
    Ok(PointEntry {
        id,
        user: UserId::from_uuid(row.user_id),
        sequence: row.sequence,
        kind: place.named("kind", &row.kind)?,
        amount: Money::new(row.amount, currency),
        balance: Money::new(row.balance, currency),
        payment: row.payment_id.map(PaymentId::from_uuid),
        order: row.order_id.map(OrderId::from_uuid),
        reason: row.reason,
        created_at: row.created_at,
        new_lots: Vec::new(),
        movements: Vec::new(),
    })
}

/// Whether points went by this entry into its payment.
pub(crate) fn spends(row: &point_history::Model) -> bool {
    row.kind == PointEntryKind::Spent.name()
}

/// What payments took and what was given back of it: `history` has all entries that name them, `movements` those of the
/// entries that spent, with their lots and accounts. All come in any order.
pub(crate) fn spendings(
    mut history: Vec<point_history::Model>,
    movements: Vec<point_lot_movements::Model>,
    lots: &[point_lots::Model],
    accounts: &[point_accounts::Model],
) -> Result<PointSpendings, StorageError> {
    // Nothing is given back before it was taken.
    history.sort_by_key(|row| row.sequence);
    let mut movements_of: BTreeMap<Uuid, BTreeMap<i16, point_lot_movements::Model>> = BTreeMap::new();
    for row in movements {
        movements_of.entry(row.history_id).or_default().insert(row.number, row);
    }
    let lots: BTreeMap<Uuid, &point_lots::Model> = lots.iter().map(|row| (row.id, row)).collect();
    let accounts: BTreeMap<Uuid, &point_accounts::Model> =
        accounts.iter().map(|row| (row.user_id, row)).collect();
    let mut spendings = PointSpendings::new();
    for row in history {
        let place = Place { table: "point_history", id: &row.id };
        let currency = currency_of(place.present("user_id", accounts.get(&row.user_id))?)?;
        let payment = PaymentId::from_uuid(place.present("payment_id", row.payment_id)?);
        if spends(&row) {
            let order = OrderId::from_uuid(place.present("order_id", row.order_id)?);
            let moved = movements_of.remove(&row.id).unwrap_or_default();
            let taken = moved.values().map(|movement| taken_from_lot(movement, &lots, currency));
            let (user, given_back) = (UserId::from_uuid(row.user_id), Money::zero(currency));
            let taken = taken.collect::<Result<Vec<_>, _>>()?;
            if !taken.is_empty() {
                spendings.insert(payment, PointSpending { payment, order, user, taken, given_back });
            }
        } else {
            let spending = place.present("payment_id", spendings.get_mut(&payment))?;
            let given_back = spending.given_back.plus(Money::new(row.amount, currency));
            spending.given_back = place.read("amount", given_back)?;
        }
    }
    Ok(spendings)
}

fn taken_from_lot(
    movement: &point_lot_movements::Model,
    lots: &BTreeMap<Uuid, &point_lots::Model>,
    currency: Currency,
) -> Result<TakenFromLot, StorageError> {
    let place = Place { table: "point_lot_movements", id: &movement.history_id };
    Ok(TakenFromLot {
        lot: lot(place.present("lot_id", lots.get(&movement.lot_id))?, currency)?,
        amount: place.read("amount", Money::new(movement.amount, currency).negated())?,
    })
}

fn currency_of(row: &point_accounts::Model) -> Result<Currency, StorageError> {
    let place = Place { table: "point_accounts", id: &row.user_id };
    place.read("currency", row.currency.parse())
}
