//! A small shop in which a bit of everything has happened.

use chrono::TimeDelta;
use jangteo_application::{
    AdjustStock, AdjustStocks, Answer, Caller, CancelOrder, CancelOrders, ChargePointAccounts, ChargePoints,
    ClaimCoupon, ClaimCoupons, CreateCampaigns, CreateProducts, Fingerprint, GrantPointAccounts, GrantPoints,
    PayOrder, PayOrders, PlaceOrder, PlaceOrders, RefundPayment, RefundPayments, RegisterUser, RegisterUsers,
    RequestMark, SetUseCase, Sources, Verdict, submit,
};
use jangteo_coupon::{CampaignDraft, CouponDiscount, CouponScope, IssuedCoupon, NewCampaign};
use jangteo_order::{Order, RequestedItems};
use jangteo_payment::{Payment, RequestedTenders};
use jangteo_point::{PointEntry, PointLimits};
use jangteo_product::{NewProduct, Product, ProductStatus, StockAdjustment};
use jangteo_refund::{Refund, RequestedItem, RequestedRefund};
use jangteo_shared_kernel::{Currency, IssuedCouponId, Quantity, UserId};
use jangteo_storage_conformance::Fixtures;
use jangteo_storage_sea_orm::SeaOrmTransaction;
use jangteo_user::{Profile, Role};

use crate::support::{Shop, krw};

/// The shop, and what is in it.
pub(crate) struct Story {
    pub(crate) shop: Shop,
    fixtures: Fixtures,
    pub(crate) user: UserId,
    pub(crate) mug: Product,
    /// Five mugs that came in later.
    pub(crate) delivery: StockAdjustment,
    pub(crate) charge: PointEntry,
    /// Three mugs and a tea, paid with points.
    pub(crate) paid: Order,
    pub(crate) payment: Payment,
    /// Two teas, not paid.
    pub(crate) unpaid: Order,
    /// A tea with the coupon, not paid.
    pub(crate) discounted: Order,
    pub(crate) coupon: IssuedCoupon,
}

fn nothing<T>(_: &T) -> Answer {
    Answer { status: 201, location: None, body: Vec::new() }
}

fn outcome<T, R: std::fmt::Debug>(verdict: Verdict<T, R>) -> T {
    match verdict {
        Verdict::Accepted { outcome, .. } => Some(outcome),
        Verdict::Refused(_) | Verdict::Replayed(_) | Verdict::KeyReused => None,
    }
    .unwrap()
}

/// Somebody who does things in a shop.
struct Actor<'a> {
    shop: &'a Shop,
    fixtures: &'a Fixtures,
    user: UserId,
}

impl Actor<'_> {
    fn sources(&self) -> Sources {
        self.fixtures.sources()
    }

    fn mark(&self) -> RequestMark {
        let key = format!("key-{}", self.fixtures.entropy.number()).parse().unwrap();
        RequestMark { user: self.user, key, fingerprint: Fingerprint([0; 32]) }
    }

    async fn run<C: SetUseCase<SeaOrmTransaction>>(&self, use_case: &C, command: C::Command) -> C::Verdict {
        submit(&self.shop.storage, use_case, &self.sources(), command).await.unwrap()
    }

    async fn product(&self, name: &str, price: i64, stock: u32) -> Product {
        let new = NewProduct {
            name: name.parse().unwrap(),
            description: "".parse().unwrap(),
            price: krw(price).try_into().unwrap(),
            status: ProductStatus::OnSale,
            stock: stock.try_into().unwrap(),
        };
        self.run(&CreateProducts { sources: self.sources() }, new).await
    }

    async fn deliver(&self, product: &Product, delta: i64) -> StockAdjustment {
        let reason = "delivery".parse().unwrap();
        let command = AdjustStock { product: product.id, delta, reason, mark: self.mark() };
        outcome(self.run(&AdjustStocks { sources: self.sources(), render: nothing }, command).await)
    }

    async fn charge(&self, amount: i64) -> PointEntry {
        let limits = PointLimits::default();
        let use_case = ChargePointAccounts { sources: self.sources(), limits, render: nothing };
        let command = ChargePoints { user: self.user, amount: krw(amount), mark: self.mark() };
        outcome(self.run(&use_case, command).await)
    }

    async fn grant(&self, amount: i64, days: i64) {
        let limits = PointLimits::default();
        let use_case = GrantPointAccounts { sources: self.sources(), limits, render: nothing };
        let expires_at = self.fixtures.now() + TimeDelta::days(days);
        let (amount, reason) = (krw(amount), "welcome".to_owned());
        let command = GrantPoints { user: self.user, amount, expires_at, reason, mark: self.mark() };
        outcome(self.run(&use_case, command).await);
    }

    /// The first of two coupons of a campaign of its own.
    async fn claim(&self) -> IssuedCoupon {
        let discount = CouponDiscount::Fixed(krw(333));
        let two = Quantity::new(2).unwrap();
        let draft = CampaignDraft::new("Tea".parse().unwrap(), discount, CouponScope::All, two);
        let new = NewCampaign::check(draft, Currency::KRW).unwrap();
        let campaign = self.run(&CreateCampaigns { sources: self.sources() }, new).await.id;
        let command = ClaimCoupon { user: self.user, campaign, mark: self.mark() };
        outcome(self.run(&ClaimCoupons { sources: self.sources(), render: nothing }, command).await)
    }

    async fn order(&self, list: &[(&Product, u32)]) -> Order {
        self.order_with(list, None).await
    }

    async fn order_with(&self, list: &[(&Product, u32)], coupon: Option<IssuedCouponId>) -> Order {
        let use_case = PlaceOrders {
            sources: self.sources(),
            currency: Currency::KRW,
            unpaid_expiry: TimeDelta::minutes(30),
            render: nothing,
        };
        let items = list.iter().map(|(product, n)| (product.id, Quantity::new(*n).unwrap()));
        let items = RequestedItems::new(items).unwrap();
        let command = PlaceOrder { user: self.user, items, coupon, expected_total: None, mark: self.mark() };
        outcome(self.run(&use_case, command).await)
    }

    async fn pay(&self, order: &Order) -> Payment {
        let use_case = PayOrders { sources: self.sources(), render: nothing };
        let tenders = RequestedTenders::AllPoints;
        let command = PayOrder { user: self.user, order: order.id, tenders, mark: self.mark() };
        outcome(self.run(&use_case, command).await)
    }

    async fn cancel(&self, order: &Order) {
        let command = CancelOrder { user: self.user, order: order.id };
        self.run(&CancelOrders { sources: self.sources() }, command).await.unwrap();
    }
}

impl Story {
    pub(crate) async fn tell() -> Self {
        Self::tell_in(Shop::open().await).await
    }

    /// The same, with the same ids, in an empty shop.
    pub(crate) async fn tell_in(shop: Shop) -> Self {
        let fixtures = Fixtures::seeded(31);
        let register = RegisterUsers { sources: fixtures.sources(), currency: Currency::KRW };
        let profile = Profile { email: fixtures.email(), name: "Minji".parse().unwrap(), phone: None };
        let password_hash = fixtures.password_hash();
        let command = RegisterUser { profile, role: Role::Customer, password_hash };
        let user = submit(&shop.storage, &register, &fixtures.sources(), command).await.unwrap().unwrap().id;
        let minji = Actor { shop: &shop, fixtures: &fixtures, user };

        let (mug, tea) = (minji.product("Mug", 10_000, 10).await, minji.product("Tea", 3_333, 7).await);
        let delivery = minji.deliver(&mug, 5).await;
        minji.grant(700, 1).await;
        let charge = minji.charge(50_000).await;
        // The first grant expires unspent, which the next entry writes down.
        fixtures.clock.advance(TimeDelta::days(2));
        minji.grant(5_000, 10).await;
        let paid = minji.order(&[(&mug, 3), (&tea, 1)]).await;
        let payment = minji.pay(&paid).await;
        let cancelled = minji.order(&[(&mug, 4)]).await;
        minji.cancel(&cancelled).await;
        let unpaid = minji.order(&[(&tea, 2)]).await;
        let coupon = minji.claim().await;
        let discounted = minji.order_with(&[(&tea, 1)], Some(coupon.id)).await;
        Self { shop, fixtures, user, mug, delivery, charge, paid, payment, unpaid, discounted, coupon }
    }

    /// One mug of the paid order comes back into the stock, and its points into the lot of the charge.
    pub(crate) async fn refund_a_mug(&self) -> Refund {
        let minji = Actor { shop: &self.shop, fixtures: &self.fixtures, user: self.user };
        let line = self.paid.lines.iter().find(|line| line.product == self.mug.id).unwrap().id;
        let one = RequestedItem { line, quantity: Quantity::ONE, restock: true };
        let command = RefundPayment {
            caller: Caller { user: self.user, role: Role::Customer },
            payment: self.payment.id,
            items: RequestedRefund::these(vec![one]).unwrap(),
            reason: "one too many".parse().unwrap(),
            mark: minji.mark(),
        };
        outcome(minji.run(&RefundPayments { sources: minji.sources(), render: nothing }, command).await)
    }

    pub(crate) fn charge_lot(&self) -> String {
        self.charge.new_lots[0].id.to_string()
    }

    pub(crate) fn mug_line(&self) -> String {
        let line = self.paid.lines.iter().find(|line| line.product == self.mug.id).unwrap();
        line.id.to_string()
    }
}

/// An id as a literal of SQL.
pub(crate) fn blob(id: &str) -> String {
    format!("x'{}'", id.replace('-', ""))
}
