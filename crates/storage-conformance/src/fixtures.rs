//! Things to test with. Aggregates have public fields, so a test takes a fixture and changes what it is about:
//! `Product { stock: units(10), ..fixtures.product() }`.

use std::sync::Arc;

use chrono::TimeDelta;
use jangteo_application::{
    Aggregate, Answer, Event, EventData, EventKind, Fingerprint, IdempotencyRecord, RequestMark, Sources,
};
use jangteo_coupon::{Campaign, CampaignDraft, CouponDiscount, CouponScope, IssuedCoupon, NewCampaign};
use jangteo_order::{Order, OrderLine, OrderTerms, OrderedItem};
use jangteo_payment::{PayableOrder, Payment, RequestedTender, RequestedTenders, Tender, TenderMethod};
use jangteo_point::{PointAccount, PointEntry, PointLimits};
use jangteo_product::{NewProduct, Price, Product, ProductStatus, StockAdjustment};
use jangteo_ranking::{DailySales, Sale};
use jangteo_refund::{
    Refund, RefundMethod, RefundReason, RefundableLine, RefundablePayment, RequestedRefund, Share,
};
use jangteo_shared_kernel::{BasisPoints, Clock, Currency, Entropy, Id, Money, Quantity, Timestamp, UserId};
use jangteo_user::{Email, PasswordHash, Profile, RefreshFamily, Role, SecretHash, User};
use serde_json::json;

use crate::{FixedClock, SeededEntropy};

/// Won.
#[must_use]
pub const fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

/// Units of something.
#[must_use]
pub fn units(count: u32) -> Quantity {
    Quantity::new(count).expect("a quantity within its bounds")
}

/// An instant, as RFC 3339 writes it.
#[must_use]
pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Limits that allow every amount above zero.
pub const NO_LIMITS: PointLimits = PointLimits { min_charge: 1, max_charge: i64::MAX, max_balance: i64::MAX };

/// Makes things out of a clock and entropy. All ids, names and amounts follow from the seed.
#[derive(Debug, Clone)]
pub struct Fixtures {
    /// What time it is. It stands still until a test moves it.
    pub clock: FixedClock,
    /// Where ids and amounts come from.
    pub entropy: SeededEntropy,
}

impl Fixtures {
    /// Fixtures that are the same in each run.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { clock: FixedClock::default(), entropy: SeededEntropy::seeded(seed) }
    }

    /// Clock and entropy as use cases take them.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources::new(Arc::new(self.clock.clone()), Arc::new(self.entropy.clone()))
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The present, moved by so many milliseconds.
    #[must_use]
    pub fn in_millis(&self, millis: i64) -> Timestamp {
        self.now() + TimeDelta::milliseconds(millis)
    }

    /// A new id. Ids made in the same millisecond come in any order.
    #[must_use]
    pub fn id<K>(&self) -> Id<K> {
        Id::generate(self.now(), &self.entropy)
    }

    /// A number below `bound`.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        u32::try_from(self.entropy.number() % u64::from(bound)).expect("it is below 32 bits")
    }

    /// One of these.
    #[must_use]
    pub fn one_of<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(u32::try_from(choices.len()).expect("a short list")) as usize]
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// An address that no other account has.
    #[must_use]
    pub fn email(&self) -> Email {
        format!("user-{:016x}@example.com", self.entropy.number()).parse().expect("an address")
    }

    /// A customer, with or without a phone number.
    #[must_use]
    pub fn user(&self) -> User {
        self.user_with(self.email())
    }

    /// A customer with this address.
    #[must_use]
    pub fn user_with(&self, email: Email) -> User {
        let name = self.one_of(&["김민지", "Ada Lovelace", "Zoë Ångström", "O'Neill; --", "🦊 여우"]);
        let phone = self.one_of(&[None, Some("010-1234-5678"), Some("+82 (10) 1234.5678")]);
        let profile = Profile {
            email,
            name: name.parse().expect("a name"),
            phone: phone.map(|number| number.parse().expect("a phone number")),
        };
        User::register(self.id(), Role::Customer, profile, self.password_hash(), self.now())
    }

    /// A password hash that no password has.
    #[must_use]
    pub fn password_hash(&self) -> PasswordHash {
        PasswordHash::new(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${:016x}", self.entropy.number()))
    }

    /// A log-in of a user, good for a day.
    #[must_use]
    pub fn refresh_family(&self, user: UserId) -> RefreshFamily {
        RefreshFamily {
            id: self.id(),
            user,
            current: SecretHash(self.bytes()),
            created_at: self.now(),
            expires_at: self.now() + TimeDelta::days(1),
            ended_at: None,
        }
    }

    /// A product on sale.
    #[must_use]
    pub fn product(&self) -> Product {
        let kind = self.one_of(&["머그컵", "Mug", "Café au lait", "100% cotton_shirt", "🧦 양말"]);
        let new = NewProduct {
            name: format!("{kind} {}", self.below(1_000)).parse().expect("a name"),
            description: self
                .one_of(&["", "첫 줄\nsecond line\t'quoted' \"twice\" \\"])
                .parse()
                .expect("a description"),
            price: price(krw(i64::from(self.below(100_000)))),
            status: ProductStatus::OnSale,
            stock: self.below(1_000).try_into().expect("a stock"),
        };
        Product::create(self.id(), new, self.now())
    }

    /// An adjustment of a product's stock, which it moves.
    #[must_use]
    pub fn adjustment(&self, product: &mut Product, delta: i64) -> StockAdjustment {
        let reason = "재고 실사".parse().expect("a reason");
        product.adjust_stock(self.id(), delta, reason, self.now()).expect("the stock allows it")
    }

    /// An order of 1 to 5 lines that waits for its payment.
    #[must_use]
    pub fn order(&self, user: UserId) -> Order {
        let lines: Vec<(i64, u32)> =
            (0..=self.below(5)).map(|_| (i64::from(1 + self.below(100_000)), 1 + self.below(999))).collect();
        self.order_of(user, &lines)
    }

    /// An order of lines with these prices and quantities. Its products exist nowhere.
    #[must_use]
    pub fn order_of(&self, user: UserId, lines: &[(i64, u32)]) -> Order {
        let items = lines.iter().map(|&(price, quantity)| OrderedItem {
            line: self.id(),
            product: self.id(),
            product_name: self.product().name.to_string(),
            unit_price: krw(price),
            quantity: units(quantity),
        });
        let terms = OrderTerms {
            id: self.id(),
            user,
            currency: Currency::KRW,
            placed_at: self.now(),
            expires_at: self.now() + TimeDelta::minutes(30),
        };
        Order::place(terms, items, None).expect("amounts that fit")
    }

    /// The payment that settles an order: so many points, the rest with a card.
    #[must_use]
    pub fn payment(&self, order: &Order, points: i64) -> Payment {
        let payable = PayableOrder {
            order: order.id,
            user: order.user,
            total: order.total(),
            lines: order.lines.iter().map(|line| (line.id, line.net())).collect(),
        };
        let card = order.total().amount() - points;
        let asked = [(TenderMethod::Point, points), (TenderMethod::Card, card)];
        let currency = order.total().currency();
        let tenders: Vec<RequestedTender> = asked
            .into_iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(method, amount)| RequestedTender { method, amount: Money::new(amount, currency) })
            .collect();
        let tenders = match tenders.len() {
            0 => RequestedTenders::AllPoints,
            _ => RequestedTenders::these(tenders).expect("one tender a method"),
        };
        Payment::settle(self.id(), &payable, &tenders, self.now()).expect("the tenders are the total")
    }

    /// The refund of all that is left of a payment that settled this order.
    #[must_use]
    pub fn refund(&self, order: &Order, payment: &Payment) -> Refund {
        self.refund_of(order, payment, &RequestedRefund::Everything)
    }

    /// A refund of a payment that settled this order.
    #[must_use]
    pub fn refund_of(&self, order: &Order, payment: &Payment, wanted: &RequestedRefund) -> Refund {
        let share = |tender: &Tender, line: &OrderLine| {
            let of_line = tender.shares.iter().find(|share| share.line == line.id)?;
            let method = match tender.method {
                TenderMethod::Point => RefundMethod::Point,
                TenderMethod::Card => RefundMethod::Card,
            };
            Some(Share { method, amount: of_line.amount })
        };
        let line = |line: &OrderLine| RefundableLine {
            line: line.id,
            product: line.product,
            quantity: line.quantity,
            refunded: line.refunded,
            shares: payment.tenders.iter().filter_map(|tender| share(tender, line)).collect(),
        };
        let refundable = RefundablePayment {
            payment: payment.id,
            order: order.id,
            user: order.user,
            paid_at: payment.created_at,
            currency: payment.amount.currency(),
            lines: order.lines.iter().map(line).collect(),
        };
        let plan = refundable.plan(wanted).expect("units that are left");
        let reason = self.one_of(&["단순 변심", "broken\n'twice'; --", "🧦"]);
        let reason: RefundReason = reason.parse().expect("a reason");
        Refund::make(self.id(), &refundable, plan, reason, self.now())
    }

    /// Charges an account, without an expiry.
    #[must_use]
    pub fn charge(&self, account: &mut PointAccount, amount: i64) -> PointEntry {
        let amount = Money::new(amount, account.balance.currency());
        account
            .charge(self.id(), self.id(), amount, None, &NO_LIMITS, self.now())
            .expect("a charge that fits")
    }

    /// Grants points that expire after so many days.
    #[must_use]
    pub fn grant(&self, account: &mut PointAccount, amount: i64, days: i64) -> PointEntry {
        let amount = Money::new(amount, account.balance.currency());
        let expires_at = self.now() + TimeDelta::days(days);
        account
            .grant(self.id(), self.id(), amount, expires_at, "환영 🎁".into(), &NO_LIMITS, self.now())
            .expect("a grant that fits")
    }

    /// Spends points of an account on a payment that exists nowhere.
    #[must_use]
    pub fn spend(&self, account: &mut PointAccount, amount: i64) -> PointEntry {
        let amount = Money::new(amount, account.balance.currency());
        account.spend(self.id(), amount, (self.id(), self.id()), self.now()).expect("points to spend")
    }

    /// A campaign of 1 to 1,000 coupons, 1 to 3 a user, that is open for a day, with terms of any kind.
    #[must_use]
    pub fn campaign(&self) -> Campaign {
        self.campaign_of(1 + self.below(1_000), 1 + self.below(3))
    }

    /// The same of so many coupons, so many a user.
    #[must_use]
    pub fn campaign_of(&self, total: u32, per_user: u32) -> Campaign {
        let amount = |bound| krw(1 + i64::from(self.below(bound)));
        let discount = match self.below(3) {
            0 => CouponDiscount::Fixed(amount(50_000)),
            kind => CouponDiscount::Percent {
                rate: BasisPoints::new(1 + self.below(10_000)).expect("a rate"),
                maximum: (kind == 1).then(|| amount(30_000)),
            },
        };
        let scope = match self.below(2) {
            0 => CouponScope::All,
            _ => CouponScope::Products((0..=self.below(5)).map(|_| self.id()).collect()),
        };
        let name = self.one_of(&["첫 구매 쿠폰", "Black Friday", "10% off_all", "🎁 선물"]);
        let mut draft = CampaignDraft {
            per_user: units(per_user),
            claim_from: self.one_of(&[None, Some(self.now())]),
            claim_until: self.one_of(&[None, Some(self.now() + TimeDelta::days(1))]),
            ..CampaignDraft::new(name.parse().expect("a name"), discount, scope, units(total))
        };
        draft.terms.minimum_order = self.one_of(&[None, Some(amount(100_000))]);
        match self.below(3) {
            0 => draft.valid_days = Some(1 + self.below(90)),
            1 => draft.valid_until = Some(self.now() + TimeDelta::days(30)),
            _ => {}
        }
        let new = NewCampaign::check(draft, Currency::KRW).expect("a campaign that holds together");
        Campaign::create(self.id(), new, self.now())
    }

    /// Claims a coupon of a campaign for a user who has so many of them.
    #[must_use]
    pub fn claim(&self, campaign: &mut Campaign, user: UserId, held: u32) -> IssuedCoupon {
        let claimed = campaign.allotment.claim(self.id(), user, units(held), self.now());
        claimed.expect("a coupon is left for the user")
    }

    /// A user's first coupon of a campaign that exists nowhere, good for a week.
    #[must_use]
    pub fn issued_coupon(&self, user: UserId) -> IssuedCoupon {
        IssuedCoupon {
            id: self.id(),
            campaign: self.id(),
            user,
            sequence: 1 + self.below(1_000),
            nth: 1,
            claimed_at: self.now(),
            valid_from: Some(self.now()),
            valid_until: Some(self.now() + TimeDelta::days(7)),
            used: None,
            version: 1,
        }
    }

    /// A sale of a product that exists nowhere, sold and noted now.
    #[must_use]
    pub fn sale(&self) -> Sale {
        Sale {
            id: self.id(),
            noted_at: self.now(),
            product: self.id(),
            units: i64::from(1 + self.below(999)),
            revenue: krw(i64::from(self.below(1_000_000))),
            sold_at: self.now(),
        }
    }

    /// What a product that exists nowhere sold on a day.
    #[must_use]
    pub fn roll_up(&self, day: &str) -> DailySales {
        let Sale { product, units, revenue, .. } = self.sale();
        DailySales { day: day.parse().expect("a day"), product, units, revenue }
    }

    /// A stored answer of a user's request under a key.
    #[must_use]
    pub fn record(&self, user: UserId, key: &str) -> IdempotencyRecord {
        let key = key.parse().expect("a key");
        IdempotencyRecord {
            mark: RequestMark { user, key, fingerprint: Fingerprint(self.bytes()) },
            answer: Answer {
                status: 201,
                location: Some(format!("/api/v1/orders/{:x}", self.entropy.number())),
                body: self.bytes::<40>().to_vec(),
            },
            created_at: self.now(),
        }
    }

    /// An event about a thing that exists nowhere.
    #[must_use]
    pub fn event(&self, aggregate: Aggregate) -> Event {
        Event {
            id: self.id(),
            kind: self.one_of(EventKind::ALL),
            aggregate,
            subject: self.id::<jangteo_shared_kernel::kind::Order>().as_uuid(),
            version: 1,
            occurred_at: self.now(),
            data: EventData::of(
                &json!({ "total": { "amount": i64::MAX, "currency": "KRW" }, "name": "머그 🧦", "lines": [1, null, true] }),
            ),
        }
    }
}

/// A price.
#[must_use]
pub fn price(money: Money) -> Price {
    money.try_into().expect("a price within its bounds")
}
