//! Refunding and cancelling payments.

use chrono::TimeDelta;
use jangteo_application::{
    Answer, AuditQueries, Caller, CancelPayment, CancelPaymentRefusal, CancelPayments, DeleteAccounts,
    GrantPointAccounts, GrantPoints, PlaceOrder, RefundPayment, RefundPaymentRefusal, RefundPayments,
    SetUseCase, Verdict, preview_refund,
};
use jangteo_coupon::{CouponQueries, CouponStatus};
use jangteo_order::{Order, OrderQueries, OrderStatus};
use jangteo_payment::{Payment, PaymentQueries, PaymentStatus};
use jangteo_point::{PointAccount, PointLimits, PointLotKind, PointQueries};
use jangteo_refund::{Refund, RefundQueries, RequestedItem, RequestedRefund};
use jangteo_shared_kernel::{Limit, OrderLineId, PageRequest, PaymentId, Transaction, UnitOfWork, UserId};
use jangteo_user::Role;

use crate::shop::{Shop, accepted, krw, refused, units};

fn these(items: &[(OrderLineId, u32)]) -> RequestedRefund {
    let item = |&(line, n): &(OrderLineId, u32)| RequestedItem { line, quantity: units(n), restock: true };
    RequestedRefund::these(items.iter().map(item).collect()).unwrap()
}

fn command(shop: &Shop, user: UserId, payment: PaymentId, items: RequestedRefund) -> RefundPayment {
    let (caller, reason) = (Caller { user, role: Role::Customer }, "변심".parse().unwrap());
    RefundPayment { caller, payment, items, reason, mark: shop.mark(user) }
}

fn refunding(shop: &Shop) -> RefundPayments {
    let render = |refund: &Refund| Answer { status: 201, location: None, body: refund.id.to_string().into() };
    RefundPayments { sources: shop.sources.clone(), render }
}

/// Refunds units of a payment.
pub(crate) async fn refund(
    shop: &Shop,
    user: UserId,
    payment: PaymentId,
    items: &[(OrderLineId, u32)],
) -> Verdict<Refund, RefundPaymentRefusal> {
    shop.run(&refunding(shop), command(shop, user, payment, these(items))).await
}

/// Refunds all that is left of a payment.
pub(crate) async fn refund_all(
    shop: &Shop,
    user: UserId,
    payment: PaymentId,
) -> Verdict<Refund, RefundPaymentRefusal> {
    shop.run(&refunding(shop), command(shop, user, payment, RequestedRefund::Everything)).await
}

/// Cancels a payment.
pub(crate) async fn cancel_payment(
    shop: &Shop,
    user: UserId,
    payment: PaymentId,
) -> Verdict<Payment, CancelPaymentRefusal> {
    let render =
        |payment: &Payment| Answer { status: 200, location: None, body: payment.id.to_string().into() };
    let caller = Caller { user, role: Role::Customer };
    let command = CancelPayment { caller, payment, mark: shop.mark(user) };
    shop.run(&CancelPayments { sources: shop.sources.clone(), render }, command).await
}

async fn grant(shop: &Shop, user: UserId, amount: i64, expires_in: TimeDelta) {
    let render = |_: &_| Answer { status: 201, location: None, body: Vec::new() };
    let use_case =
        GrantPointAccounts { sources: shop.sources.clone(), limits: PointLimits::default(), render };
    let expires_at = shop.sources.now() + expires_in;
    let command =
        GrantPoints { user, amount: krw(amount), reason: "gift".into(), expires_at, mark: shop.mark(user) };
    accepted(shop.run(&use_case, command).await);
}

async fn account(shop: &Shop, user: UserId) -> PointAccount {
    shop.storage.find_point_account(user).await.unwrap().unwrap()
}

/// What is left in the lots, in the order of spending.
async fn lots(shop: &Shop, user: UserId) -> Vec<(PointLotKind, i64)> {
    let mut lots = account(shop, user).await.lots;
    lots.sort_by_key(|lot| (lot.expires_at.is_none(), lot.expires_at, lot.created_at));
    lots.iter().map(|lot| (lot.kind, lot.remaining.amount())).collect()
}

async fn order_of(shop: &Shop, payment: &Payment) -> Order {
    shop.storage.find_order(payment.order).await.unwrap().unwrap()
}

async fn status(shop: &Shop, payment: &Payment) -> (OrderStatus, PaymentStatus) {
    let found = shop.storage.find_payment(payment.id).await.unwrap().unwrap();
    (order_of(shop, payment).await.status(), found.status())
}

async fn assert_adds_up(shop: &Shop) {
    let report = shop.storage.audit(shop.sources.now()).await.unwrap();
    let broken: Vec<_> = report.checks.iter().filter(|check| !check.holds()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Three units for 10,000 after a coupon, refunded one by one; the points came from three lots.
#[tokio::test]
async fn hard_case_8_the_last_of_three_units_gives_the_rest_and_each_lot_gets_its_own_back() {
    use PointLotKind::{Bonus, Charged};
    let shop = Shop::new();
    let user = shop.customer_with(4_000).await;
    shop.clock.advance(TimeDelta::milliseconds(1));
    accepted(shop.charge(user, 2_500).await);
    grant(&shop, user, 5_000, TimeDelta::days(10)).await;
    let (mug, before) = (shop.product(3_500, 10).await, lots(&shop, user).await);
    let campaign = shop.campaign(shop.fixed_off(500, 1)).await;
    let coupon = accepted(shop.claim(user, campaign).await);
    let command = PlaceOrder { coupon: Some(coupon.id), ..shop.order(user, &[(mug, 3)]) };
    let order = accepted(shop.run(&shop.place_orders(), command).await);
    assert_eq!(order.total(), krw(10_000));
    let payment = accepted(shop.pay(user, order.id).await);
    assert_eq!(lots(&shop, user).await, [(Charged, 1_500)]);

    let one = [(order.lines[0].id, 1)];
    let caller = Caller { user, role: Role::Customer };
    for (amount, left, in_stock) in [
        (3_333, vec![(Charged, 2_333), (Charged, 2_500)], 8),
        (3_333, vec![(Bonus, 1_666), (Charged, 4_000), (Charged, 2_500)], 9),
        (3_334, vec![(Bonus, 5_000), (Charged, 4_000), (Charged, 2_500)], 10),
    ] {
        let preview = preview_refund(&shop.storage, caller, payment.id, &these(&one)).await.unwrap().unwrap();
        let made = accepted(refund(&shop, user, payment.id, &one).await);
        assert_eq!((made.amount, made.tenders.len()), (krw(amount), 1));
        assert_eq!(
            (&made.items, &made.tenders, made.amount),
            (&preview.items, &preview.tenders, preview.amount)
        );
        assert_eq!(shop.storage.find_refund(made.id).await.unwrap(), Some(made));
        let mut expected = left;
        expected.sort_by_key(|(kind, _)| *kind == Charged);
        assert_eq!(lots(&shop, user).await, expected);
        assert_eq!(shop.stock(mug).await, in_stock);
        assert_adds_up(&shop).await;
    }
    assert_eq!(lots(&shop, user).await, before);
    assert_eq!(status(&shop, &payment).await, (OrderStatus::Refunded, PaymentStatus::Refunded));
    let coupon = shop.storage.find_issued_coupon(coupon.id).await.unwrap().unwrap();
    assert_eq!(coupon.status(shop.sources.now()), CouponStatus::Issued);
}

#[tokio::test]
async fn a_refund_in_part_keeps_the_coupon_and_the_last_unit_gives_it_back() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let campaign = shop.campaign(shop.fixed_off(500, 1)).await;
    let coupon = accepted(shop.claim(user, campaign).await).id;
    let command = PlaceOrder { coupon: Some(coupon), ..shop.order(user, &[(mug, 2)]) };
    let order = accepted(shop.run(&shop.place_orders(), command).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let status_of = async || {
        let coupon = shop.storage.find_issued_coupon(coupon).await.unwrap().unwrap();
        coupon.status(shop.sources.now())
    };
    accepted(refund(&shop, user, payment.id, &[(order.lines[0].id, 1)]).await);
    assert_eq!(status_of().await, CouponStatus::Used);
    let part = (OrderStatus::PartiallyRefunded, PaymentStatus::PartiallyRefunded);
    assert_eq!(status(&shop, &payment).await, part);
    accepted(refund_all(&shop, user, payment.id).await);
    assert_eq!(status_of().await, CouponStatus::Issued);
    assert_adds_up(&shop).await;
}

/// Hard case 9: the refund comes after the lot has expired.
#[tokio::test]
async fn hard_case_9_points_of_a_lot_that_has_expired_come_back_for_thirty_days() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer().await, shop.product(1_000, 10).await);
    grant(&shop, user, 3_000, TimeDelta::days(1)).await;
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    shop.clock.advance(TimeDelta::days(1));
    accepted(refund_all(&shop, user, payment.id).await);
    let account = account(&shop, user).await;
    // What was left in the lot has gone with it.
    assert_eq!((account.balance, account.lots.len()), (krw(2_000), 1));
    let lot = account.lots[0];
    let in_thirty_days = shop.sources.now() + TimeDelta::days(30);
    assert_eq!((lot.kind, lot.expires_at), (PointLotKind::Bonus, Some(in_thirty_days)));
    assert_adds_up(&shop).await;
}

/// Hard case 7: two refunds that fit alone, not together.
#[tokio::test]
async fn hard_case_7_of_two_refunds_at_once_that_only_fit_alone_one_is_refused() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 3)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let two = || command(&shop, user, payment.id, these(&[(order.lines[0].id, 2)]));
    // In one set, in order of arrival.
    let mut tx = shop.storage.begin().await.unwrap();
    let mut verdicts = refunding(&shop).decide(&mut tx, &[two(), two()]).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(refused(verdicts.pop().unwrap()), RefundPaymentRefusal::ExceedsPaid);
    assert_eq!(accepted(verdicts.pop().unwrap()).amount, krw(2_000));
    // In two transactions at once.
    let race = (0..2).map(|_| {
        let (shop, command) = (shop.clone(), two());
        tokio::spawn(async move { shop.run(&refunding(&shop), command).await })
    });
    let mut accepted = 0;
    for verdict in race.collect::<Vec<_>>() {
        match verdict.await.unwrap() {
            Verdict::Accepted { .. } => accepted += 1,
            other => assert_eq!(refused(other), RefundPaymentRefusal::ExceedsPaid),
        }
    }
    assert_eq!((accepted, shop.stock(mug).await), (1, 9));
    assert_adds_up(&shop).await;
}

#[tokio::test]
async fn a_set_refunds_one_payment_twice_and_another_once() {
    let shop = Shop::new();
    let (user, other) = (shop.customer_with(50_000).await, shop.customer_with(50_000).await);
    let mug = shop.product(999, 10).await;
    let mut payments = Vec::new();
    for (user, n) in [(user, 3), (other, 2)] {
        let order = accepted(shop.place(user, &[(mug, n)]).await);
        payments.push((accepted(shop.pay(user, order.id).await), order.lines[0].id));
    }
    let [(first, line), (second, _)] = <[_; 2]>::try_from(payments).unwrap();
    let commands = [
        command(&shop, user, first.id, these(&[(line, 1)])),
        command(&shop, other, second.id, RequestedRefund::Everything),
        command(&shop, user, first.id, RequestedRefund::Everything),
        command(&shop, user, first.id, RequestedRefund::Everything),
    ];
    let mut tx = shop.storage.begin().await.unwrap();
    let verdicts = refunding(&shop).decide(&mut tx, &commands).await.unwrap();
    tx.commit().await.unwrap();
    let amounts: Vec<_> = verdicts
        .into_iter()
        .map(|verdict| match verdict {
            Verdict::Accepted { outcome, .. } => Ok(outcome.amount.amount()),
            other => Err(refused(other)),
        })
        .collect();
    assert_eq!(amounts, [Ok(999), Ok(1_998), Ok(1_998), Err(RefundPaymentRefusal::ExceedsPaid)]);
    assert_eq!((shop.balance(user).await, shop.balance(other).await), (50_000, 50_000));
    assert_eq!(shop.stock(mug).await, 10);
    let page = PageRequest { limit: Limit::DEFAULT, after: None };
    let listed = shop.storage.list_refunds_of_payment(first.id, &page).await.unwrap().items;
    assert_eq!(listed.len(), 2);
    assert_adds_up(&shop).await;
}

#[tokio::test]
async fn refuses_what_cannot_be_refunded() {
    let shop = Shop::new();
    let (user, other) = (shop.customer_with(50_000).await, shop.customer().await);
    let mug = shop.product(1_000, 10).await;
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let line = order.lines[0].id;
    let nothing: PaymentId = shop.sources.id(shop.sources.now());
    let unknown: OrderLineId = shop.sources.id(shop.sources.now());
    let caller = |user, role| Caller { user, role };
    let out = RequestedItem { line, quantity: units(1), restock: false };
    let out = RequestedRefund::these(vec![out]).unwrap();
    for (who, payment, items, expected) in [
        (user, payment.id, out.clone(), RefundPaymentRefusal::RestockIsNotYours),
        (other, payment.id, these(&[(line, 1)]), RefundPaymentRefusal::PaymentNotFound),
        (user, nothing, these(&[(line, 1)]), RefundPaymentRefusal::PaymentNotFound),
        (user, payment.id, these(&[(line, 9), (unknown, 1)]), RefundPaymentRefusal::UnknownLine { index: 1 }),
        (user, payment.id, these(&[(line, 3)]), RefundPaymentRefusal::ExceedsPaid),
        (user, payment.id, these(&[(line, 1), (line, 2)]), RefundPaymentRefusal::ExceedsPaid),
    ] {
        let verdict = shop.run(&refunding(&shop), command(&shop, who, payment, items.clone())).await;
        assert_eq!(refused(verdict), expected);
        let preview =
            preview_refund(&shop.storage, caller(who, Role::Customer), payment, &items).await.unwrap();
        assert_eq!(preview, Err(expected));
    }
    assert_eq!((shop.stock(mug).await, shop.balance(user).await), (8, 48_000));
    // An administrator refunds what is anybody's, and keeps units out of the stock.
    let by_admin =
        RefundPayment { caller: caller(other, Role::Admin), ..command(&shop, other, payment.id, out) };
    let made = accepted(shop.run(&refunding(&shop), by_admin).await);
    assert_eq!((made.user, made.items[0].restock), (user, false));
    assert_eq!((shop.stock(mug).await, shop.balance(user).await), (8, 49_000));
    assert_adds_up(&shop).await;
}

#[tokio::test]
async fn a_refund_that_is_sent_again_gets_its_first_answer() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let once = command(&shop, user, payment.id, RequestedRefund::Everything);
    let Verdict::Accepted { answer, .. } = shop.run(&refunding(&shop), once.clone()).await else {
        panic!("refused")
    };
    // Nothing is left, but a replay wins over that.
    assert_eq!(shop.run(&refunding(&shop), once).await, Verdict::Replayed(answer));
    assert_eq!(shop.balance(user).await, 50_000);
    assert_eq!(refused(refund_all(&shop, user, payment.id).await), RefundPaymentRefusal::ExceedsPaid);
}

#[tokio::test]
async fn cancelling_a_payment_refunds_what_is_left_of_it() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    for (refunded_before, after) in [(0, PaymentStatus::Cancelled), (1, PaymentStatus::Refunded)] {
        let order = accepted(shop.place(user, &[(mug, 3)]).await);
        let payment = accepted(shop.pay(user, order.id).await);
        if refunded_before > 0 {
            accepted(refund(&shop, user, payment.id, &[(order.lines[0].id, refunded_before)]).await);
        }
        let cancelled = accepted(cancel_payment(&shop, user, payment.id).await);
        assert_eq!((cancelled.status(), cancelled.refunded()), (after, krw(3_000)));
        assert_eq!(status(&shop, &payment).await, (OrderStatus::Refunded, after));
        assert_eq!((shop.stock(mug).await, shop.balance(user).await), (10, 50_000));
        let again = cancel_payment(&shop, user, payment.id).await;
        assert_eq!(refused(again), CancelPaymentRefusal::NotCancellable);
        let page = PageRequest { limit: Limit::DEFAULT, after: None };
        let listed = shop.storage.list_refunds_of_payment(payment.id, &page).await.unwrap().items;
        let rest = listed.iter().find(|refund| refund.reason.as_str() == "payment cancelled").unwrap();
        assert_eq!(rest.amount, krw(3_000 - 1_000 * i64::from(refunded_before)));
    }
    let other = shop.customer().await;
    let order = accepted(shop.place(user, &[(mug, 1)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let refusal = refused(cancel_payment(&shop, other, payment.id).await);
    assert_eq!(refusal, CancelPaymentRefusal::PaymentNotFound);
    assert_adds_up(&shop).await;
}

/// Hard case 3, from its end: what cost nothing is given back like anything else.
#[tokio::test]
async fn hard_case_3_an_order_of_nothing_is_refunded_by_its_units() {
    let shop = Shop::new();
    let (user, sticker) = (shop.customer().await, shop.product(0, 10).await);
    let order = accepted(shop.place(user, &[(sticker, 2)]).await);
    let payment = shop.storage.payments_of_order(order.id).await.unwrap().pop().unwrap();
    let made = accepted(refund(&shop, user, payment.id, &[(order.lines[0].id, 1)]).await);
    assert_eq!((made.amount, made.tenders.len()), (krw(0), 0));
    let part = (OrderStatus::PartiallyRefunded, PaymentStatus::PartiallyRefunded);
    assert_eq!((status(&shop, &payment).await, shop.stock(sticker).await), (part, 9));
    accepted(cancel_payment(&shop, user, payment.id).await);
    assert_eq!(status(&shop, &payment).await, (OrderStatus::Refunded, PaymentStatus::Refunded));
    assert_eq!(shop.stock(sticker).await, 10);
    assert_adds_up(&shop).await;
}

#[tokio::test]
async fn the_order_of_a_deleted_account_is_refunded_by_an_administrator() {
    let shop = Shop::new();
    let (user, admin) = (shop.customer_with(50_000).await, shop.customer().await);
    let mug = shop.product(1_000, 10).await;
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    shop.run(&DeleteAccounts { sources: shop.sources.clone() }, user).await.unwrap();
    let caller = Caller { user: admin, role: Role::Admin };
    let command = RefundPayment { caller, ..command(&shop, admin, payment.id, RequestedRefund::Everything) };
    accepted(shop.run(&refunding(&shop), command).await);
    assert_eq!((shop.stock(mug).await, shop.balance(user).await), (10, 2_000));
    assert_adds_up(&shop).await;
}

#[tokio::test]
async fn a_refund_is_told_of_the_order_the_payment_and_the_points() {
    let shop = Shop::new();
    let (user, mug) = (shop.customer_with(50_000).await, shop.product(1_000, 10).await);
    let order = accepted(shop.place(user, &[(mug, 2)]).await);
    let payment = accepted(shop.pay(user, order.id).await);
    let before = shop.told().len();
    accepted(refund(&shop, user, payment.id, &[(order.lines[0].id, 1)]).await);
    accepted(cancel_payment(&shop, user, payment.id).await);
    let told = ["order.refunded", "payment.refunded", "point.refunded"];
    assert_eq!(shop.told()[before..before + 3], told);
    assert_eq!(shop.told()[before + 3..], ["order.refunded", "payment.cancelled", "point.refunded"]);
}
