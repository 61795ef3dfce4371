//! The real shop: use cases on a storage.

use std::fmt::Debug;

use chrono::TimeDelta;
use jangteo_application::{
    AdjustStock, AdjustStocks, Answer, CancelOrder, CancelOrders, ChargePointAccounts, ChargePoints,
    ClaimCoupon, ClaimCoupons, DeleteAccounts, EditProduct, EditProducts, Fingerprint, GrantPointAccounts,
    GrantPoints, PayOrder, PayOrders, PlaceOrder, PlaceOrders, RequestMark, SetUseCase, Sources, Verdict,
    expire_due_orders, submit,
};
use jangteo_order::RequestedItems;
use jangteo_payment::{RequestedTender, RequestedTenders, TenderMethod};
use jangteo_product::{CatalogueEdit, ProductStatus};
use jangteo_shared_kernel::{
    CouponId, Currency, IssuedCouponId, OrderId, ProductId, StorageError, Timestamp, UserId,
};

use super::opening::{LIMITS, UNPAID_EXPIRY};
use super::{Answered, Step, refusals};
use crate::fixtures::{krw, price, units};
use crate::{FixedClock, Fixtures, SeededEntropy, Storage};

mod opened;
mod read;
mod refunds;

/// A shop, and the ids of what is in it by their numbers.
pub(super) struct Shop<S> {
    storage: S,
    fixtures: Fixtures,
    opened_at: Timestamp,
    users: Vec<UserId>,
    products: Vec<ProductId>,
    campaigns: Vec<CouponId>,
    coupons: Vec<IssuedCouponId>,
    orders: Vec<OrderId>,
    requests: Vec<Request>,
}

/// What was sent under a key.
struct Request {
    step: Step,
    mark: RequestMark,
    /// What it was answered when it took effect.
    answer: Option<Answer>,
}

/// An answer that tells everything, so that a replay of another's would be noticed.
fn render<T: Debug>(outcome: &T) -> Answer {
    Answer { status: 201, location: None, body: format!("{outcome:?}").into_bytes() }
}

impl<S: Storage> Shop<S> {
    fn sources(&self) -> Sources {
        self.fixtures.sources()
    }

    fn at(&self, seconds: i64) -> Timestamp {
        self.opened_at + TimeDelta::seconds(seconds)
    }

    async fn run<C: SetUseCase<S::Tx>>(&self, use_case: &C, command: C::Command) -> C::Verdict {
        decided(submit(&self.storage, use_case, &self.sources(), command).await)
    }

    /// Lets it happen.
    pub(super) async fn take(&mut self, step: &Step) -> Answered {
        self.fixtures.clock.advance(TimeDelta::seconds(step.seconds()));
        if let Step::Repeat { request } = step {
            let step = self.requests[*request].step.clone();
            return self.send(&step, *request).await;
        }
        let request = self.requests.len();
        if step.has_key() {
            let key = format!("key-{request}").parse().expect("a key");
            let user = self.users[step.user().unwrap_or(0)];
            let mark = RequestMark { user, key, fingerprint: Fingerprint([0; 32]) };
            self.requests.push(Request { step: step.clone(), mark, answer: None });
        }
        self.send(step, request).await
    }

    async fn send(&mut self, step: &Step, request: usize) -> Answered {
        let sources = self.sources();
        let mark = self.requests.get(request).map(|request| request.mark.clone());
        let mark = || mark.clone().expect("a request that has a key");
        match *step {
            Step::Charge { user, amount } => {
                let use_case = ChargePointAccounts { sources, limits: LIMITS, render };
                let command = ChargePoints { user: self.users[user], amount: krw(amount), mark: mark() };
                let verdict = self.run(&use_case, command).await;
                self.answered(request, verdict, refusals::charge, |_, _| ())
            }
            Step::Grant { user, amount, until } => {
                let use_case = GrantPointAccounts { sources, limits: LIMITS, render };
                let (user, amount, expires_at) = (self.users[user], krw(amount), self.at(until));
                let command =
                    GrantPoints { user, amount, expires_at, reason: "welcome".to_owned(), mark: mark() };
                let verdict = self.run(&use_case, command).await;
                self.answered(request, verdict, refusals::grant, |_, _| ())
            }
            Step::Claim { user, campaign } => {
                let command =
                    ClaimCoupon { user: self.users[user], campaign: self.campaigns[campaign], mark: mark() };
                let verdict = self.run(&ClaimCoupons { sources, render }, command).await;
                self.answered(request, verdict, refusals::claim, |shop, coupon| shop.coupons.push(coupon.id))
            }
            Step::Place { user, ref items, coupon, expected } => {
                let unpaid_expiry = TimeDelta::seconds(UNPAID_EXPIRY);
                let use_case = PlaceOrders { sources, currency: Currency::KRW, unpaid_expiry, render };
                let items = items.iter().map(|(product, n)| (self.products[*product], units(*n)));
                let command = PlaceOrder {
                    user: self.users[user],
                    items: RequestedItems::new(items).expect("a few units"),
                    coupon: coupon.map(|coupon| self.coupons[coupon]),
                    expected_total: expected.map(krw),
                    mark: mark(),
                };
                let verdict = self.run(&use_case, command).await;
                self.answered(request, verdict, refusals::place, |shop, order| shop.orders.push(order.id))
            }
            Step::Pay { user, order, points } => {
                let tenders = points.map_or(RequestedTenders::AllPoints, |points| {
                    let tender = RequestedTender { method: TenderMethod::Point, amount: krw(points) };
                    RequestedTenders::these(vec![tender]).expect("an amount")
                });
                let (user, order) = (self.users[user], self.orders[order]);
                let command = PayOrder { user, order, tenders, mark: mark() };
                let verdict = self.run(&PayOrders { sources, render }, command).await;
                self.answered(request, verdict, refusals::pay, |_, _| ())
            }
            Step::Cancel { user, order } => {
                let command = CancelOrder { user: self.users[user], order: self.orders[order] };
                let verdict = self.run(&CancelOrders { sources }, command).await;
                verdict
                    .map_or_else(|refusal| Answered::Refused(refusals::cancel(refusal)), |_| Answered::Done)
            }
            Step::Refund { by, order, ref units } => self.refund(request, by, order, units.as_deref()).await,
            Step::CancelPayment { by, order } => self.cancel_payment(request, by, order).await,
            Step::Adjust { product, delta } => {
                let (product, reason) = (self.products[product], "counted".parse().expect("a reason"));
                let command = AdjustStock { product, delta, reason, mark: mark() };
                let verdict = self.run(&AdjustStocks { sources, render }, command).await;
                self.answered(request, verdict, refusals::adjust, |_, _| ())
            }
            Step::Edit { product, price: amount, on_sale } => {
                let status = if on_sale { ProductStatus::OnSale } else { ProductStatus::Suspended };
                let edit = CatalogueEdit {
                    price: Some(price(krw(amount))),
                    status: Some(status),
                    ..CatalogueEdit::default()
                };
                let command = EditProduct { product: self.products[product], edit, expected: None };
                self.run(&EditProducts { sources }, command).await.expect("the product is known");
                Answered::Done
            }
            Step::Delete { user } => {
                let verdict = self.run(&DeleteAccounts { sources }, self.users[user]).await;
                verdict.expect("the account is there");
                Answered::Done
            }
            Step::ExpireOrders => {
                Answered::Counted(decided(expire_due_orders(&self.storage, &sources).await))
            }
            Step::ExpirePoints => self.expire_points().await,
            // Time has passed, and that is all; a repetition is sent as what it repeats.
            Step::Wait { .. } | Step::Repeat { .. } => Answered::Done,
        }
    }

    /// Takes note of a verdict: what it brought about, and the answer, which is the same whenever it is given.
    fn answered<T, R>(
        &mut self,
        request: usize,
        verdict: Verdict<T, R>,
        code: fn(R) -> &'static str,
        note: fn(&mut Self, T),
    ) -> Answered {
        match verdict {
            Verdict::Accepted { outcome, answer } => {
                self.requests[request].answer = Some(answer);
                note(self, outcome);
                Answered::Done
            }
            Verdict::Refused(refusal) => Answered::Refused(code(refusal)),
            Verdict::Replayed(answer) => {
                assert_eq!(Some(answer), self.requests[request].answer, "the answer of request {request}");
                Answered::Replayed
            }
            Verdict::KeyReused => panic!("the key of request {request} stands for another"),
        }
    }
}

fn decided<T>(outcome: Result<T, StorageError>) -> T {
    outcome.expect("nothing is wrong with the storage")
}

/// A clock and ids that are the same for each sequence.
fn fixtures() -> Fixtures {
    Fixtures { clock: FixedClock::default(), entropy: SeededEntropy::of(42) }
}
