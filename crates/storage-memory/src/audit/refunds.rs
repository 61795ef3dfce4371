//! Refunds: their items and shares, against each other and against what payments and orders say was refunded.

use jangteo_order::OrderLine;
use jangteo_payment::{Tender, TenderMethod};
use jangteo_refund::{RefundItem, RefundMethod, Share};
use jangteo_shared_kernel::PaymentId;

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let refunds = || state.refunds.values();
    let items = || refunds().flat_map(|refund| refund.items.iter().map(move |item| (refund, item)));
    let shares = || items().flat_map(|(refund, item)| item.shares.iter().map(move |share| (refund, share)));

    let amounts = || items().map(|(refund, item)| (refund.id, item.amount.amount()));
    book.enter("refund-is-its-items", "items", amounts());
    let headers = refunds().map(|refund| (refund.id, refund.amount.amount()));
    book.enter("refund-is-its-items", "amounts", headers);
    let by_refund = shares().map(|(refund, share)| (refund.id, share.amount.amount()));
    book.enter("refund-items-are-their-shares", "shares", by_refund);
    book.enter("refund-items-are-their-shares", "items", amounts());

    let by_payment = refunds().map(|refund| (refund.payment, refund.amount.amount()));
    book.enter("payment-refunded-is-its-refunds", "refunds", by_payment);
    let payments = || state.payments.values();
    let refunded = payments().map(|payment| (payment.id, payment.refunded().amount()));
    book.enter("payment-refunded-is-its-refunds", "refunded", refunded);
    let by_tender = shares().map(|(refund, share)| (way_back(refund.payment, share), share.amount.amount()));
    book.enter("tender-refunded-is-its-refunds", "shares", by_tender);
    let tenders = payments().flat_map(|payment| {
        payment.tenders.iter().map(|tender| (way_in(payment.id, tender), tender.refunded.amount()))
    });
    book.enter("tender-refunded-is-its-refunds", "refunded", tenders);

    let units = |item: &RefundItem| (item.line, i64::from(item.quantity.get()));
    let lines = || state.orders.values().flat_map(|order| &order.lines);
    let refunded = |line: &OrderLine| (line.id, i64::from(line.refunded.get()));
    let restocked = |line: &OrderLine| (line.id, i64::from(line.restocked.get()));
    book.enter("line-refunded-is-its-refunds", "refunds", items().map(|(_, item)| units(item)));
    book.enter("line-refunded-is-its-refunds", "refunded", lines().map(refunded));
    let put_back = items().filter(|(_, item)| item.restock).map(|(_, item)| units(item));
    book.enter("line-restocked-is-its-refunds", "refunds", put_back);
    book.enter("line-restocked-is-its-refunds", "restocked", lines().map(restocked));
}

/// What the tables of a database call a tender.
fn way_in(payment: PaymentId, tender: &Tender) -> String {
    let method = match tender.method {
        TenderMethod::Point => "POINT",
        TenderMethod::Card => "CARD",
    };
    format!("{payment}/{method}")
}

/// What they call the tender that a share went back to.
fn way_back(payment: PaymentId, share: &Share) -> String {
    let method = match share.method {
        RefundMethod::Point => "POINT",
        RefundMethod::Card => "CARD",
    };
    format!("{payment}/{method}")
}
