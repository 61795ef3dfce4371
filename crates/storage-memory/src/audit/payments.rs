//! Payments: their tenders, shares and events, against each other and against what they paid.
//!
//! A payment here is one with its summary, so the rules between the two hold by themselves.

use jangteo_order::OrderLine;
use jangteo_payment::{Payment, PaymentEventKind, Tender, TenderMethod};
use jangteo_point::PointEntryKind;
use jangteo_shared_kernel::OrderId;

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let payments = || state.payments.values();
    let settling = || payments().filter(|payment| payment.settles);
    let captured = || payments().map(|payment| (payment, payment.captured().amount()));
    let refunded = || payments().map(|payment| (payment, payment.refunded().amount()));

    book.enter("settlement-is-of-its-order", "settlements", settling().map(|payment| (payment.id, 1)));
    book.enter("settlement-is-of-its-order", "ofTheirOrder", settling().map(|payment| (payment.id, 1)));

    let paid = state.orders.values().filter(|order| order.state.paid_at().is_some());
    let totals = paid.map(|order| (order.id, order.total().amount()));
    book.enter("captured-is-what-orders-say", "totals", totals);
    let units = units_refunded(state).map(|(payment, _, amount)| (payment.order, amount));
    book.enter("captured-is-what-orders-say", "unitsRefunded", units);
    let amounts = captured().map(|(payment, amount)| (payment.order, amount));
    book.enter("captured-is-what-orders-say", "captured", amounts);
    let amounts = refunded().map(|(payment, amount)| (payment.order, amount));
    book.enter("captured-is-what-orders-say", "refunded", amounts);

    let events = |kinds: &'static [PaymentEventKind]| {
        let events = payments().flat_map(|payment| payment.events.iter().map(move |event| (payment, event)));
        let of_kinds = events.filter(|(_, event)| kinds.contains(&event.kind));
        of_kinds.map(|(payment, event)| (payment.id, event.amount.amount()))
    };
    book.enter("captured-is-approved", "approved", events(&[PaymentEventKind::Approved]));
    book.enter("captured-is-approved", "captured", captured().map(|(payment, amount)| (payment.id, amount)));
    let given_back = events(&[
        PaymentEventKind::PartiallyRefunded,
        PaymentEventKind::Refunded,
        PaymentEventKind::Cancelled,
    ]);
    book.enter("refunded-is-given-back", "givenBack", given_back);
    let amounts = || refunded().map(|(payment, amount)| (payment.id, amount));
    book.enter("refunded-is-given-back", "refunded", amounts());
    let by_tenders = tenders(payments()).map(|(payment, tender)| (payment.id, tender.refunded.amount()));
    book.enter("refunded-is-its-tenders", "tenders", by_tenders);
    book.enter("refunded-is-its-tenders", "refunded", amounts());

    let numbered = payments().flat_map(|payment| payment.events.iter().map(|_| (payment.id, 1)));
    book.enter("payment-events-have-no-gaps", "events", numbered);
    let latest = payments()
        .filter_map(|payment| Some((payment.id, payment.events.iter().map(|event| event.sequence).max()?)));
    book.enter("payment-events-have-no-gaps", "latest", latest);

    let by_tenders = tenders(payments()).map(|(payment, tender)| (payment.id, tender.amount.amount()));
    book.enter("payment-is-its-tenders", "tenders", by_tenders);
    let amounts = payments().map(|payment| (payment.id, payment.amount.amount()));
    book.enter("payment-is-its-tenders", "amounts", amounts);

    let taken = || payments().filter(|payment| was_taken(payment));
    let shares = tenders(payments()).flat_map(|(payment, tender)| {
        tender.shares.iter().map(move |share| (row(payment, tender), share.amount.amount()))
    });
    book.enter("tender-is-its-shares", "shares", shares);
    let amounts = tenders(taken()).map(|(payment, tender)| (row(payment, tender), tender.amount.amount()));
    book.enter("tender-is-its-shares", "amounts", amounts);

    let units = units_refunded(state).map(|(payment, tender, amount)| (row(payment, tender), amount));
    book.enter("tender-refunded-is-its-lines", "unitsRefunded", units);
    let amounts =
        tenders(settling()).map(|(payment, tender)| (row(payment, tender), tender.refunded.amount()));
    book.enter("tender-refunded-is-its-lines", "refunded", amounts);

    let shares = tenders(settling()).flat_map(|(_, tender)| &tender.shares);
    book.enter("line-is-its-shares", "shares", shares.map(|share| (share.line, share.amount.amount())));
    let lines = settling().flat_map(|payment| lines(state, payment.order));
    let net =
        lines.map(|line| (line.id, i128::from(line.gross.amount()) - i128::from(line.discount.amount())));
    book.enter("line-is-its-shares", "net", net);

    let in_points = || tenders(taken()).filter(|(_, tender)| tender.method == TenderMethod::Point);
    let amounts = in_points().map(|(payment, tender)| (payment.id, tender.amount.amount()));
    book.enter("points-spent-are-tenders", "tendered", amounts);
    let amounts = in_points().map(|(payment, tender)| (payment.id, tender.refunded.amount()));
    book.enter("points-spent-are-tenders", "refunded", amounts);
    let moved = |kind, sign: i64| {
        let of_kind = state.point_history.values().filter(move |entry| entry.kind == kind);
        of_kind.filter_map(move |entry| {
            Some((entry.payment?, i128::from(entry.amount.amount()) * i128::from(sign)))
        })
    };
    book.enter("points-spent-are-tenders", "spent", moved(PointEntryKind::Spent, -1));
    book.enter("points-spent-are-tenders", "givenBack", moved(PointEntryKind::Refunded, 1));
}

/// A payment that failed took nothing.
fn was_taken(payment: &Payment) -> bool {
    payment.events.iter().any(|event| event.kind == PaymentEventKind::Approved)
}

fn tenders<'a>(
    payments: impl Iterator<Item = &'a Payment>,
) -> impl Iterator<Item = (&'a Payment, &'a Tender)> {
    payments.flat_map(|payment| payment.tenders.iter().map(move |tender| (payment, tender)))
}

/// What the tables of a database call a tender.
fn row(payment: &Payment, tender: &Tender) -> String {
    let method = match tender.method {
        TenderMethod::Point => "POINT",
        TenderMethod::Card => "CARD",
    };
    format!("{}/{method}", payment.id)
}

fn lines(state: &State, order: OrderId) -> &[OrderLine] {
    state.orders.get(&order).map(|order| order.lines.as_slice()).unwrap_or_default()
}

/// What the refunded units of each line cost each tender of the payment that settled them, rounded down.
fn units_refunded(state: &State) -> impl Iterator<Item = (&Payment, &Tender, i128)> {
    let settling = state.payments.values().filter(|payment| payment.settles);
    tenders(settling).flat_map(move |(payment, tender)| {
        tender.shares.iter().filter_map(move |share| {
            let line = lines(state, payment.order).iter().find(|line| line.id == share.line)?;
            let (refunded, quantity) = (i128::from(line.refunded.get()), i128::from(line.quantity.get()));
            Some((payment, tender, (i128::from(share.amount.amount()) * refunded).checked_div(quantity)?))
        })
    })
}
