//! A shop to test with: every use case, a clock that stands still until told, ids from a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use jangteo_application::{
    Answer, CancelOrder, CancelOrderRefusal, CancelOrders, ChargePointAccounts, ChargePoints,
    ChargePointsRefusal, ClaimCoupon, ClaimCouponRefusal, ClaimCoupons, CreateCampaigns, CreateProducts,
    Fingerprint, PayOrder, PayOrderRefusal, PayOrders, PlaceOrder, PlaceOrderRefusal, PlaceOrders,
    RegisterUser, RegisterUsers, RequestMark, SetUseCase, Sources, Verdict, submit,
};
use jangteo_coupon::{CampaignDraft, CouponDiscount, CouponScope, IssuedCoupon, NewCampaign};
use jangteo_order::{Order, RequestedItems};
use jangteo_payment::{Payment, RequestedTenders};
use jangteo_point::{PointEntry, PointLimits, PointQueries};
use jangteo_product::{NewProduct, Product, ProductQueries, ProductStatus};
use jangteo_shared_kernel::{
    Clock, CouponId, Currency, Entropy, Money, OrderId, ProductId, Quantity, Timestamp, UserId,
};
use jangteo_storage_memory::{MemoryStorage, MemoryTransaction};
use jangteo_user::{PasswordHash, Profile, Role};
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::registry::Registry;

/// A clock that moves when it is told to.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        DateTime::<Utc>::from_timestamp_millis(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}

/// Different bytes each time, the same in every run (`SplitMix64`).
pub(crate) struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) storage: MemoryStorage,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sources: Sources,
    next_key: Arc<AtomicU64>,
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

pub(crate) fn units(n: u32) -> Quantity {
    Quantity::new(n).unwrap()
}

pub(crate) fn items(list: &[(ProductId, u32)]) -> RequestedItems {
    RequestedItems::new(list.iter().map(|&(product, n)| (product, units(n)))).unwrap()
}

fn text(what: impl std::fmt::Debug) -> Answer {
    Answer { status: 201, location: None, body: format!("{what:?}").into_bytes() }
}

/// The outcome of an accepted command.
pub(crate) fn accepted<T, R: std::fmt::Debug>(verdict: Verdict<T, R>) -> T {
    match verdict {
        Verdict::Accepted { outcome, .. } => outcome,
        Verdict::Refused(refusal) => panic!("refused: {refusal:?}"),
        Verdict::Replayed(_) | Verdict::KeyReused => panic!("not decided"),
    }
}

/// The refusal of a refused command.
pub(crate) fn refused<T, R>(verdict: Verdict<T, R>) -> R {
    match verdict {
        Verdict::Refused(refusal) => refusal,
        Verdict::Accepted { .. } | Verdict::Replayed(_) | Verdict::KeyReused => panic!("not refused"),
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_795_305_600_000)));
        let entropy = Arc::new(TestEntropy(AtomicU64::new(42)));
        Self {
            storage: MemoryStorage::new(),
            sources: Sources::new(clock.clone(), entropy),
            clock,
            next_key: Arc::default(),
        }
    }

    /// A figure of the use cases that has no labels.
    pub(crate) fn figure(&self, name: &str) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        self.sources.meters().register(&mut registry);
        encode(&mut text, &registry).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    }

    pub(crate) async fn run<C>(&self, use_case: &C, command: C::Command) -> C::Verdict
    where
        C: SetUseCase<MemoryTransaction>,
    {
        submit(&self.storage, use_case, &self.sources, command).await.unwrap()
    }

    /// A mark with a key of its own.
    pub(crate) fn mark(&self, user: UserId) -> RequestMark {
        let n = self.next_key.fetch_add(1, Ordering::Relaxed);
        self.mark_as(user, &format!("key-{n}"), 0)
    }

    #[expect(clippy::unused_self, reason = "reads like its sibling")]
    pub(crate) fn mark_as(&self, user: UserId, key: &str, fingerprint: u8) -> RequestMark {
        RequestMark { user, key: key.parse().unwrap(), fingerprint: Fingerprint([fingerprint; 32]) }
    }

    pub(crate) async fn customer(&self) -> UserId {
        let n = self.next_key.fetch_add(1, Ordering::Relaxed);
        let email = format!("customer-{n}@example.com").parse().unwrap();
        let profile = Profile { email, name: "Minji".parse().unwrap(), phone: None };
        let password_hash = PasswordHash::new("$argon2id$".to_owned());
        let register = RegisterUsers { sources: self.sources.clone(), currency: Currency::KRW };
        self.run(&register, RegisterUser { profile, role: Role::Customer, password_hash }).await.unwrap().id
    }

    /// A customer with points.
    pub(crate) async fn customer_with(&self, points: i64) -> UserId {
        let user = self.customer().await;
        accepted(self.charge(user, points).await);
        user
    }

    pub(crate) async fn product(&self, price: i64, stock: u32) -> ProductId {
        self.product_as(price, stock, ProductStatus::OnSale).await
    }

    pub(crate) async fn product_as(&self, price: i64, stock: u32, status: ProductStatus) -> ProductId {
        let new = NewProduct {
            name: "머그컵".parse().unwrap(),
            description: "".parse().unwrap(),
            price: krw(price).try_into().unwrap(),
            status,
            stock: stock.try_into().unwrap(),
        };
        self.run(&CreateProducts { sources: self.sources.clone() }, new).await.id
    }

    pub(crate) fn charge_points(&self) -> ChargePointAccounts {
        ChargePointAccounts {
            sources: self.sources.clone(),
            limits: PointLimits::default(),
            render: |entry| text(entry),
        }
    }

    pub(crate) async fn charge(&self, user: UserId, amount: i64) -> Verdict<PointEntry, ChargePointsRefusal> {
        let command = ChargePoints { user, amount: krw(amount), mark: self.mark(user) };
        self.run(&self.charge_points(), command).await
    }

    pub(crate) fn place_orders(&self) -> PlaceOrders {
        PlaceOrders {
            sources: self.sources.clone(),
            currency: Currency::KRW,
            unpaid_expiry: TimeDelta::minutes(30),
            render: |order| text(order.id),
        }
    }

    pub(crate) fn order(&self, user: UserId, list: &[(ProductId, u32)]) -> PlaceOrder {
        PlaceOrder { user, items: items(list), coupon: None, expected_total: None, mark: self.mark(user) }
    }

    pub(crate) async fn place(
        &self,
        user: UserId,
        list: &[(ProductId, u32)],
    ) -> Verdict<Order, PlaceOrderRefusal> {
        self.run(&self.place_orders(), self.order(user, list)).await
    }

    pub(crate) fn pay_orders(&self) -> PayOrders {
        PayOrders { sources: self.sources.clone(), render: |payment| text(payment.id) }
    }

    pub(crate) async fn pay(&self, user: UserId, order: OrderId) -> Verdict<Payment, PayOrderRefusal> {
        let command = PayOrder { user, order, tenders: RequestedTenders::AllPoints, mark: self.mark(user) };
        self.run(&self.pay_orders(), command).await
    }

    pub(crate) async fn cancel(&self, user: UserId, order: OrderId) -> Result<Order, CancelOrderRefusal> {
        self.run(&CancelOrders { sources: self.sources.clone() }, CancelOrder { user, order }).await
    }

    /// A campaign of coupons that take an amount off any order.
    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    pub(crate) fn fixed_off(&self, amount: i64, total: u32) -> CampaignDraft {
        let discount = CouponDiscount::Fixed(krw(amount));
        CampaignDraft::new("개점 기념".parse().unwrap(), discount, CouponScope::All, units(total))
    }

    pub(crate) async fn campaign(&self, draft: CampaignDraft) -> CouponId {
        let new = NewCampaign::check(draft, Currency::KRW).unwrap();
        self.run(&CreateCampaigns { sources: self.sources.clone() }, new).await.id
    }

    pub(crate) async fn claim(
        &self,
        user: UserId,
        campaign: CouponId,
    ) -> Verdict<IssuedCoupon, ClaimCouponRefusal> {
        self.decide_claim(ClaimCoupon { user, campaign, mark: self.mark(user) }).await
    }

    pub(crate) async fn decide_claim(
        &self,
        command: ClaimCoupon,
    ) -> Verdict<IssuedCoupon, ClaimCouponRefusal> {
        let claim = ClaimCoupons { sources: self.sources.clone(), render: |coupon| text(coupon.id) };
        self.run(&claim, command).await
    }

    pub(crate) async fn stock(&self, product: ProductId) -> u32 {
        self.read_product(product).await.stock.get()
    }

    pub(crate) async fn read_product(&self, product: ProductId) -> Product {
        self.storage.find_product(product).await.unwrap().unwrap()
    }

    pub(crate) async fn balance(&self, user: UserId) -> i64 {
        self.storage.find_point_account(user).await.unwrap().unwrap().balance.amount()
    }

    /// The kinds of all events, in the order of their commits.
    pub(crate) fn told(&self) -> Vec<&'static str> {
        self.storage.events().into_iter().map(|event| event.kind.name()).collect()
    }
}
