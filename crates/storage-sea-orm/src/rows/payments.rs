//! Payments: a header, tenders with their shares, events and a summary.

use std::collections::BTreeMap;

use jangteo_payment::{Payment, PaymentEvent, Tender, TenderShare};
use jangteo_shared_kernel::{Currency, Money, OrderId, OrderLineId, PaymentId, StorageError, UserId};
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::entity::{payment_events, payment_shares, payment_summaries, payment_tenders, payments};
use crate::error::Place;
use crate::lane::Lane;
use crate::names::Named;
use crate::set::SelectSet;

static TENDERS_OF: SelectSet<payment_tenders::Entity> = SelectSet::by(&[payment_tenders::Column::PaymentId]);
static SHARES_OF: SelectSet<payment_shares::Entity> = SelectSet::by(&[payment_shares::Column::PaymentId]);
static EVENTS_OF: SelectSet<payment_events::Entity> = SelectSet::by(&[payment_events::Column::PaymentId]);
static SUMMARIES_OF: SelectSet<payment_summaries::Entity> =
    SelectSet::by(&[payment_summaries::Column::PaymentId]);

/// The rows of one or more payments, table by table.
#[derive(Debug, Default)]
pub(crate) struct PaymentRows {
    pub(crate) headers: Vec<payments::Model>,
    pub(crate) tenders: Vec<payment_tenders::Model>,
    pub(crate) shares: Vec<payment_shares::Model>,
    pub(crate) events: Vec<payment_events::Model>,
    pub(crate) summaries: Vec<payment_summaries::Model>,
}

impl PaymentRows {
    pub(crate) fn of(payments: &[Payment]) -> Result<Self, StorageError> {
        let mut rows = Self::default();
        for payment in payments {
            rows.add(payment)?;
        }
        Ok(rows)
    }

    fn add(&mut self, payment: &Payment) -> Result<(), StorageError> {
        let payment_id = payment.id.as_uuid();
        self.headers.push(payments::Model {
            id: payment_id,
            order_id: payment.order.as_uuid(),
            user_id: payment.user.as_uuid(),
            amount: payment.amount.amount(),
            currency: payment.amount.currency().into(),
            created_at: payment.created_at,
        });
        let place = Place { table: "payment_tenders", id: &payment.id };
        for (number, tender) in payment.tenders.iter().enumerate() {
            let method = tender.method.name();
            self.tenders.push(payment_tenders::Model {
                payment_id,
                method: method.to_owned(),
                number: place.read("number", number.try_into())?,
                amount: tender.amount.amount(),
                refunded: tender.refunded.amount(),
            });
            for (number, share) in tender.shares.iter().enumerate() {
                self.shares.push(payment_shares::Model {
                    payment_id,
                    method: method.to_owned(),
                    line_id: share.line.as_uuid(),
                    number: place.read("number", number.try_into())?,
                    amount: share.amount.amount(),
                });
            }
        }
        self.events.extend(payment.events.iter().map(|event| event_row(payment.id, event)));
        self.summaries.push(payment_summaries::Model {
            payment_id,
            captured: payment.captured().amount(),
            refunded: payment.refunded().amount(),
            settles_order_id: payment.settles.then(|| payment.order.as_uuid()),
        });
        Ok(())
    }

    /// The rows that belong to these headers: four statements.
    pub(crate) async fn read<C: ConnectionTrait>(
        lane: &Lane<C>,
        headers: Vec<payments::Model>,
    ) -> Result<Self, StorageError> {
        let keys: Vec<Vec<Value>> = headers.iter().map(|header| vec![header.id.into()]).collect();
        Ok(Self {
            tenders: lane.select(&TENDERS_OF, keys.clone()).await?,
            shares: lane.select(&SHARES_OF, keys.clone()).await?,
            events: lane.select(&EVENTS_OF, keys.clone()).await?,
            summaries: lane.select(&SUMMARIES_OF, keys).await?,
            headers,
        })
    }

    /// The payments of these rows, in the order of their headers.
    pub(crate) fn payments(self) -> Result<Vec<Payment>, StorageError> {
        let mut tenders = by_payment(self.tenders, |tender| tender.payment_id);
        let mut shares = by_payment(self.shares, |share| share.payment_id);
        let mut events = by_payment(self.events, |event| event.payment_id);
        let mut summaries: BTreeMap<Uuid, payment_summaries::Model> =
            self.summaries.into_iter().map(|summary| (summary.payment_id, summary)).collect();
        let payments = self.headers.into_iter().map(|header| {
            let id = PaymentId::from_uuid(header.id);
            let place = Place { table: "payments", id: &id };
            let currency = place.read("currency", header.currency.parse())?;
            let summary = place.present("summary", summaries.remove(&header.id))?;
            Ok(Payment {
                id,
                order: OrderId::from_uuid(header.order_id),
                user: UserId::from_uuid(header.user_id),
                amount: Money::new(header.amount, currency),
                tenders: read_tenders(
                    &id,
                    currency,
                    tenders.remove(&header.id).unwrap_or_default(),
                    shares.remove(&header.id).unwrap_or_default(),
                )?,
                events: read_events(&id, currency, events.remove(&header.id).unwrap_or_default())?,
                settles: summary.settles_order_id.is_some(),
                created_at: header.created_at,
            })
        });
        payments.collect()
    }
}

/// The row of an event of this payment.
pub(crate) fn event_row(payment: PaymentId, event: &PaymentEvent) -> payment_events::Model {
    payment_events::Model {
        payment_id: payment.as_uuid(),
        sequence: event.sequence.into(),
        kind: event.kind.name().to_owned(),
        amount: event.amount.amount(),
        created_at: event.created_at,
    }
}

fn by_payment<T>(rows: Vec<T>, payment: impl Fn(&T) -> Uuid) -> BTreeMap<Uuid, Vec<T>> {
    let mut by_payment: BTreeMap<Uuid, Vec<T>> = BTreeMap::new();
    for row in rows {
        by_payment.entry(payment(&row)).or_default().push(row);
    }
    by_payment
}

fn read_tenders(
    id: &PaymentId,
    currency: Currency,
    mut rows: Vec<payment_tenders::Model>,
    mut shares: Vec<payment_shares::Model>,
) -> Result<Vec<Tender>, StorageError> {
    let place = Place { table: "payment_tenders", id };
    rows.sort_by_key(|tender| tender.number);
    shares.sort_by_key(|share| share.number);
    let tenders = rows.into_iter().map(|row| {
        let of_tender = shares.iter().filter(|share| share.method == row.method);
        Ok(Tender {
            method: place.named("method", &row.method)?,
            amount: Money::new(row.amount, currency),
            refunded: Money::new(row.refunded, currency),
            shares: of_tender
                .map(|share| TenderShare {
                    line: OrderLineId::from_uuid(share.line_id),
                    amount: Money::new(share.amount, currency),
                })
                .collect(),
        })
    });
    tenders.collect()
}

fn read_events(
    id: &PaymentId,
    currency: Currency,
    mut rows: Vec<payment_events::Model>,
) -> Result<Vec<PaymentEvent>, StorageError> {
    let place = Place { table: "payment_events", id };
    rows.sort_by_key(|event| event.sequence);
    let events = rows.into_iter().map(|row| {
        Ok(PaymentEvent {
            sequence: place.read("sequence", row.sequence.try_into())?,
            kind: place.named("kind", &row.kind)?,
            amount: Money::new(row.amount, currency),
            created_at: row.created_at,
        })
    });
    events.collect()
}
