//! What goes in comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use chrono::TimeDelta;
use jangteo_application::{IdempotencyRepository, Outbox};
use jangteo_coupon::{
    CampaignRepository, CouponDiscount, CouponQueries, CouponScope, CouponUse, IssuedCouponRepository,
    Validity,
};
use jangteo_order::{Order, OrderQueries, OrderRepository, OrderState};
use jangteo_payment::{PaymentQueries, PaymentRepository, RequestedTender, RequestedTenders, TenderMethod};
use jangteo_point::{PointAccount, PointLimits, PointQueries, PointRepository};
use jangteo_product::{CatalogueEdit, ProductQueries, ProductRepository, ProductStatus};
use jangteo_shared_kernel::{BasisPoints, Currency, Limit, PageRequest, Quantity};
use jangteo_user::{
    ProfileEdit, RefreshFamily, RefreshFamilyRepository, Role, SecretHash, SessionStanding, UserQueries,
    UserRepository,
};

use crate::support::{
    Shop, at, campaign, coupon, event, id, ids, krw, order, payment, product, record, user,
};

#[tokio::test]
async fn accounts() {
    let shop = Shop::open().await;
    let users = [user(1), user(2)];
    shop.add_users(&users).await;
    assert_eq!(shop.storage.find_user(users[0].id).await.unwrap().as_ref(), Some(&users[0]));
    assert_eq!(shop.storage.find_user(id(9)).await.unwrap(), None);

    let mut found = shop.in_one(async |tx| tx.lock_users(&ids([1, 2, 3])).await).await;
    assert_eq!(found.len(), 2);
    let minji = found.get_mut(&users[0].id).unwrap();
    assert!(minji.edit_profile(ProfileEdit { name: Some("김민지".parse().unwrap()), phone: Some(None) }));
    shop.in_one(async |tx| tx.save_users(slice::from_ref(minji)).await).await;
    assert_eq!(shop.storage.find_user(minji.id).await.unwrap().as_ref(), Some(&*minji));

    let email = &users[0].profile().unwrap().email;
    let emails = [email.clone(), email.clone(), "nobody@example.com".parse().unwrap()];
    let by_email = shop.in_one(async |tx| tx.find_users_by_email(&emails).await).await;
    assert_eq!(by_email, vec![minji.clone()]);
    assert_eq!(shop.storage.find_user_by_address(email).await.unwrap().as_ref(), Some(&*minji));

    let mut gone = minji.clone();
    gone.delete(at(5));
    shop.in_one(async |tx| tx.save_users(slice::from_ref(&gone)).await).await;
    assert_eq!(shop.storage.find_user(gone.id).await.unwrap(), Some(gone));
    assert_eq!(shop.storage.find_user_by_address(email).await.unwrap(), None);
    assert_eq!(shop.in_one(async |tx| tx.find_users_by_email(&emails).await).await, vec![]);
}

fn family(n: u32, of: u32) -> RefreshFamily {
    RefreshFamily {
        id: id(n),
        user: id(of),
        current: SecretHash([u8::try_from(n).unwrap(); 32]),
        created_at: at(0),
        expires_at: at(60_000),
        ended_at: None,
    }
}

#[tokio::test]
async fn log_ins() {
    let shop = Shop::open().await;
    shop.add_users(&[user(1), user(2)]).await;
    let families = [family(11, 1), family(12, 1), family(13, 2)];
    shop.in_one(async |tx| tx.insert_refresh_families(&families).await).await;

    let standing = Some(SessionStanding { role: Role::Customer });
    let session = |user, family, now| shop.storage.session_standing(id(user), id(family), at(now));
    assert_eq!(session(1, 11, 59_999).await.unwrap(), standing);
    assert_eq!(session(1, 11, 60_000).await.unwrap(), None, "expired");
    assert_eq!(session(1, 13, 0).await.unwrap(), None, "another's");
    assert_eq!(session(1, 99, 0).await.unwrap(), None, "unknown");

    let mut ended = family(11, 1);
    ended.rotate(ended.current, SecretHash([99; 32]), at(90_000), at(1)).unwrap();
    ended.end(at(2));
    shop.in_one(async |tx| tx.save_refresh_families(slice::from_ref(&ended)).await).await;
    assert_eq!(session(1, 11, 3).await.unwrap(), None, "ended");
    let locked = shop.in_one(async |tx| tx.lock_refresh_families(&ids([11, 13, 99])).await).await;
    assert_eq!(locked, BTreeMap::from([(ended.id, ended), (id(13), family(13, 2))]));
    let open = shop.in_one(async |tx| tx.lock_open_refresh_families_of(&ids([1, 2, 3])).await).await;
    assert_eq!(open, vec![family(12, 1), family(13, 2)]);

    let mut users = shop.in_one(async |tx| tx.lock_users(&ids([2])).await).await;
    let gone = users.get_mut(&id(2)).unwrap();
    gone.delete(at(5));
    shop.in_one(async |tx| tx.save_users(slice::from_ref(gone)).await).await;
    assert_eq!(session(2, 13, 3).await.unwrap(), None, "deleted");
}

#[tokio::test]
async fn products_whose_catalogue_and_stock_change_apart() {
    let shop = Shop::open().await;
    let mug = product(1, 5);
    shop.add_products(&[mug.clone(), product(2, 0)]).await;
    assert_eq!(shop.storage.find_product(mug.id).await.unwrap().as_ref(), Some(&mug));
    assert_eq!(shop.storage.find_product(id(9)).await.unwrap(), None);
    assert_eq!(shop.in_one(async |tx| tx.lock_products(&ids([1, 2, 3])).await).await.len(), 2);

    let (mut edited, mut sold) = (mug.clone(), mug.clone());
    let edit = CatalogueEdit {
        name: Some("텀블러".parse().unwrap()),
        description: Some("".parse().unwrap()),
        price: Some(krw(9_999).try_into().unwrap()),
        status: Some(ProductStatus::Suspended),
    };
    edited.edit(edit, at(7_001));
    sold.sell(Quantity::new(3).unwrap()).unwrap();
    shop.in_one(async |tx| tx.save_stock(slice::from_ref(&sold)).await).await;
    shop.in_one(async |tx| tx.save_catalogue(slice::from_ref(&edited)).await).await;
    let adjustment = sold.adjust_stock(id(50), 10, "입고 \"주간\"".parse().unwrap(), at(8)).unwrap();
    shop.in_one(async |tx| tx.insert_stock_adjustments(&[adjustment]).await).await;
    shop.in_one(async |tx| tx.save_stock(slice::from_ref(&sold)).await).await;

    let expected =
        jangteo_product::Product { stock: sold.stock, stock_version: sold.stock_version, ..edited };
    assert_eq!(shop.product(mug.id).await, expected);
    assert_eq!(
        shop.value("SELECT delta || reason || stock FROM stock_adjustments").await.unwrap(),
        "10입고 \"주간\"12"
    );
}

#[tokio::test]
async fn orders_in_every_state() {
    let shop = Shop::open().await;
    let products: Vec<_> = (1..=5).map(|n| product(n, 100)).collect();
    let orders: Vec<_> = (10..16).map(|n| order(n, id(1), &products)).collect();
    shop.in_one(async |tx| tx.insert_orders(&orders).await).await;
    assert_eq!(shop.storage.find_order(id(10)).await.unwrap().as_ref(), Some(&orders[0]));
    assert_eq!(shop.storage.find_order(id(99)).await.unwrap(), None);

    let states = [
        OrderState::PendingPayment,
        OrderState::Paid { paid_at: at(1) },
        OrderState::Cancelled { cancelled_at: at(1_000) },
        OrderState::Expired { expired_at: at(3) },
        OrderState::PartiallyRefunded { paid_at: at(4) },
        OrderState::Refunded { paid_at: at(5) },
    ];
    let mut changed = orders;
    for (order, state) in changed.iter_mut().zip(states) {
        (order.state, order.version) = (state, order.version + 1);
    }
    shop.in_one(async |tx| tx.save_order_states(&changed).await).await;
    let locked = shop.in_one(async |tx| tx.lock_orders(&ids(10..20)).await).await;
    assert!(locked.into_values().eq(changed.iter().cloned()));
    let unpaid = shop.in_one(async |tx| tx.find_unpaid_orders_of(&ids([1, 2])).await).await;
    assert_eq!(unpaid, BTreeSet::from([id(10)]));
}

#[tokio::test]
async fn payments_with_tenders_shares_and_events() {
    let shop = Shop::open().await;
    let products: Vec<_> = (1..=3).map(|n| product(n, 100)).collect();
    let order = order(10, id(1), &products);
    let card_and_points = RequestedTenders::these(vec![
        RequestedTender { method: TenderMethod::Card, amount: krw(2_001) },
        RequestedTender { method: TenderMethod::Point, amount: krw(3_999) },
    ]);
    let settling = payment(20, &order, &card_and_points.unwrap());
    let mut late = payment(21, &order, &RequestedTenders::AllPoints);
    late.settles = false;
    shop.in_one(async |tx| tx.insert_payments(&[settling.clone(), late.clone()]).await).await;
    assert_eq!(shop.storage.find_payment(settling.id).await.unwrap().as_ref(), Some(&settling));
    assert_eq!(shop.storage.find_payment(id(99)).await.unwrap(), None);
    assert_eq!(shop.storage.payments_of_order(order.id).await.unwrap(), vec![late, settling]);

    // Nothing to pay, no tenders.
    let free = crate::support::priced(9, 1, 0, "Sticker");
    let free = crate::support::order(11, id(1), &[free]);
    let nothing = payment(22, &free, &RequestedTenders::AllPoints);
    shop.in_one(async |tx| tx.insert_payments(slice::from_ref(&nothing)).await).await;
    assert_eq!(shop.storage.find_payment(nothing.id).await.unwrap(), Some(nothing));
}

#[tokio::test]
async fn points_whose_lots_are_the_sum_of_their_movements() {
    let shop = Shop::open().await;
    let limits = PointLimits::default();
    let mut account = PointAccount::open(id(1), Currency::KRW);
    shop.in_one(async |tx| tx.insert_point_accounts(slice::from_ref(&account)).await).await;
    assert_eq!(shop.storage.find_point_account(id(1)).await.unwrap().as_ref(), Some(&account));

    // In one set: two lots come in, and one payment empties the first and begins the second.
    let granted = account
        .grant(id(31), id(41), krw(700), at(0) + TimeDelta::days(1), "sorry".into(), &limits, at(1))
        .unwrap();
    let charged = account.charge(id(32), id(42), krw(5_000), None, &limits, at(2)).unwrap();
    let spent = account.spend(id(33), krw(1_000), (id(51), id(52)), at(3)).unwrap();
    let entries = [granted, charged, spent];
    shop.in_one(async |tx| tx.save_points(slice::from_ref(&account), &entries).await).await;

    let mut locked = shop.in_one(async |tx| tx.lock_point_accounts(&ids([1, 2])).await).await;
    assert_eq!(locked, BTreeMap::from([(id(1), account.clone())]));
    assert_eq!(shop.storage.find_point_account(id(1)).await.unwrap(), Some(account));
    assert_eq!(shop.storage.find_point_account(id(2)).await.unwrap(), None);

    // A later set moves a lot that was there before.
    let account = locked.get_mut(&id(1)).unwrap();
    let spent = account.spend(id(34), krw(4_700), (id(53), id(54)), at(4)).unwrap();
    shop.in_one(async |tx| tx.save_points(slice::from_ref(account), &[spent]).await).await;
    let emptied = shop.storage.find_point_account(id(1)).await.unwrap().unwrap();
    assert_eq!((emptied.balance, emptied.sequence, emptied.lots.len()), (krw(0), 4, 0));
    assert_eq!(shop.value("SELECT CAST(sum(amount) AS text) FROM point_lot_movements").await.unwrap(), "0");

    let page = PageRequest { limit: Limit::new(3).unwrap(), after: None };
    let first = shop.storage.list_point_history(id(1), &page).await.unwrap();
    assert_eq!(first.items.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [4, 3, 2]);
    assert_eq!((first.items[1].payment, first.items[1].order), (Some(id(51)), Some(id(52))));
    let second =
        shop.storage.list_point_history(id(1), &PageRequest { after: first.next, ..page }).await.unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    let grant = &second.items[0];
    assert_eq!((grant.amount, grant.reason.as_deref()), (krw(700), Some("sorry")));
}

#[tokio::test]
async fn campaigns_in_three_tables() {
    let shop = Shop::open().await;
    let listed = campaign(1, 10);
    let mut plain = campaign(2, 10);
    plain.terms.discount = CouponDiscount::Percent { rate: BasisPoints::new(1_050).unwrap(), maximum: None };
    plain.terms.scope = CouponScope::All;
    plain.allotment.validity = Validity::FromClaim { days: 36_500 };
    shop.in_one(async |tx| tx.insert_campaigns(&[listed.clone(), plain.clone()]).await).await;
    for campaign in [&listed, &plain] {
        assert_eq!(shop.storage.find_campaign(campaign.id).await.unwrap().as_ref(), Some(campaign));
    }
    let kept = "SELECT discount_kind || discount_rate || scope || coalesce(currency, '-') FROM campaigns ORDER BY id DESC";
    assert_eq!(shop.value(kept).await.unwrap(), "PERCENT1050ALL-");
    assert_eq!(shop.value("SELECT CAST(count(*) AS text) FROM campaign_products").await.unwrap(), "2");
}

#[tokio::test]
async fn coupons_and_what_they_are_used_for() {
    let shop = Shop::open().await;
    let mut campaign = campaign(1, 10);
    let [mut first, second] = [11, 12].map(|n| coupon(n, &mut campaign, id(n)));
    shop.in_one(async |tx| tx.insert_issued_coupons(&[first.clone(), second.clone()]).await).await;
    first.used = Some(CouponUse { order: id(21), used_at: at(7) });
    first.version = 2;
    shop.in_one(async |tx| tx.save_issued_coupons(slice::from_ref(&first)).await).await;
    let locked = shop.in_one(async |tx| tx.lock_issued_coupons(&ids([11, 12, 13])).await).await;
    assert_eq!(locked, BTreeMap::from([(first.id, first), (second.id, second)]));
}

#[tokio::test]
async fn an_order_keeps_the_name_of_its_coupon() {
    let shop = Shop::open().await;
    let with = Order { issued_coupon: Some(id(31)), ..order(10, id(1), &[product(1, 0)]) };
    let without = order(11, id(1), &[product(1, 0)]);
    shop.in_one(async |tx| tx.insert_orders(&[with.clone(), without.clone()]).await).await;
    assert_eq!(shop.storage.find_order(with.id).await.unwrap(), Some(with));
    assert_eq!(shop.storage.find_order(without.id).await.unwrap(), Some(without));
}

#[tokio::test]
async fn answers_to_the_byte() {
    let shop = Shop::open().await;
    let records = [record(id(1), "k", 0), record(id(1), "K", 1), record(id(2), "k", 1_000)];
    shop.in_one(async |tx| tx.insert_idempotency_records(&records).await).await;
    let key = |n, key: &str| (id(n), key.parse().unwrap());
    let wanted = BTreeSet::from([key(1, "k"), key(1, "K"), key(2, "k"), key(2, "K"), key(3, "k")]);
    let found = shop.in_one(async |tx| tx.find_idempotency_records(&wanted).await).await;
    assert!(found.into_values().collect::<Vec<_>>().iter().all(|record| records.contains(record)));

    // The instant of the cutoff stays; the oldest go first.
    let forget = async |millis, most| {
        shop.in_one(async |tx| tx.delete_idempotency_records_before(at(millis), most).await).await
    };
    assert_eq!(forget(1_000, 1).await, 1);
    let found = shop.in_one(async |tx| tx.find_idempotency_records(&wanted).await).await;
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [key(1, "K"), key(2, "k")]);
    assert_eq!(forget(1_000, 10).await, 1);
    assert_eq!(forget(1_001, 10).await, 1);
    assert_eq!(forget(9_000, 10).await, 0);
}

#[tokio::test]
async fn events_with_their_data() {
    let shop = Shop::open().await;
    let event = event(5, uuid::Uuid::from_u128(7));
    shop.in_one(async |tx| tx.append_events(slice::from_ref(&event)).await).await;
    let stored = shop.value("SELECT data FROM outbox").await.unwrap();
    assert_eq!(stored, event.data.as_str());
    let envelope =
        "SELECT hex(id) || aggregate || hex(subject) || version || kind || occurred_at FROM outbox";
    assert_eq!(
        shop.value(envelope).await.unwrap(),
        "01900000000070008000000000000005order00000000000000000000000000000007\
         1order.placed2026-11-22T00:00:00.005+00:00"
    );
}

/// Hard case 20: amounts at the edges of i64.
#[tokio::test]
async fn hard_case_20_numbers_at_the_edges() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 0)]).await;
    for (n, delta) in (1..).zip([i64::MIN, -1, 0, 1, i64::MAX, (1 << 53) + 1]) {
        let edge = jangteo_product::StockAdjustment { delta, ..product(1, 0).initial_adjustment(id(n)) };
        shop.in_one(async |tx| tx.insert_stock_adjustments(&[edge]).await).await;
        let kept = "SELECT typeof(delta) || delta FROM stock_adjustments ORDER BY id DESC LIMIT 1";
        assert_eq!(shop.value(kept).await.unwrap(), format!("integer{delta}"));
    }
    let dear = Order { gross: krw(i64::MAX), ..order(10, id(1), &[product(1, 0)]) };
    shop.in_one(async |tx| tx.insert_orders(slice::from_ref(&dear)).await).await;
    assert_eq!(shop.storage.find_order(id(10)).await.unwrap(), Some(dear));
}
