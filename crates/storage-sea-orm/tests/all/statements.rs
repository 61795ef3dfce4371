//! How many statements a set costs, and how the database carries them out.

use std::collections::BTreeSet;
use std::slice;

use jangteo_application::{
    AggregatePosition, IdempotencyRepository, Lease, LeaseName, LeaseRepository, Outbox, OutboxQueries,
    PopularityQueries, UndeliveredEvents, count_sales,
};
use jangteo_coupon::{
    CampaignPosition, CampaignRepository, Claimant, CouponQueries, CouponStatus, CouponUse, IssuedCoupon,
    IssuedCouponFilter, IssuedCouponPosition, IssuedCouponRepository,
};
use jangteo_order::{Order, OrderFilter, OrderPosition, OrderQueries, OrderRepository, OrderStatus};
use jangteo_payment::{
    GivingBack, Payment, PaymentQueries, PaymentRepository, RequestedTenders, TenderMethod,
};
use jangteo_point::{PointAccount, PointLimits, PointPosition, PointQueries, PointRepository};
use jangteo_product::{
    NameKey, Product, ProductFilter, ProductList, ProductPosition, ProductQueries, ProductRepository,
    ProductSort, ProductStatus,
};
use jangteo_ranking::{DailySales, SalesRepository};
use jangteo_refund::{Refund, RefundPosition, RefundQueries, RefundRepository};
use jangteo_shared_kernel::{BusinessZone, Currency, Limit, PageRequest, Quantity, UserId};
use jangteo_storage_conformance::Fixtures;
use jangteo_test_services::Service;
use jangteo_user::{
    RefreshFamily, RefreshFamilyRepository, Role, SealedAccountQueries, SecretHash, UserFilter, UserPosition,
    UserQueries, UserRepository,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::support::{
    Shop, at, campaign, coupon, event, id, ids, krw, order, payment, product, record, sale, user,
};

/// Places an order for each user, the way the use case does, and pays it with points.
async fn place(shop: &Shop, numbers: std::ops::Range<u32>, lines: u32) -> Vec<Order> {
    let wanted: BTreeSet<_> = ids(1..=lines);
    let keys = numbers.clone().map(|n| (id(n), format!("key-{n}").parse().unwrap())).collect();
    shop.in_one(async |tx| {
        let mut products = tx.lock_products(&wanted).await?;
        assert!(tx.find_idempotency_records(&keys).await?.is_empty());
        let mut orders = Vec::new();
        for n in numbers.clone() {
            let snapshot: Vec<Product> = products.values().cloned().collect();
            orders.push(order(n, id(n), &snapshot));
            for product in products.values_mut() {
                product.sell(Quantity::ONE).unwrap();
            }
        }
        tx.save_stock(&products.into_values().collect::<Vec<_>>()).await?;
        tx.insert_orders(&orders).await?;
        let records: Vec<_> = numbers.clone().map(|n| record(id(n), &format!("key-{n}"), 0)).collect();
        tx.insert_idempotency_records(&records).await?;
        let events: Vec<_> =
            orders.iter().zip(numbers.clone()).map(|(order, n)| event(n, order.id.as_uuid())).collect();
        tx.append_events(&events).await?;
        Ok(orders)
    })
    .await
}

async fn charge(shop: &Shop, users: std::ops::Range<u32>) {
    let accounts: Vec<_> = users.clone().map(|n| PointAccount::open(id(n), Currency::KRW)).collect();
    shop.in_one(async |tx| tx.insert_point_accounts(&accounts).await).await;
    shop.in_one(async |tx| {
        let mut accounts = tx.lock_point_accounts(&ids(users.clone())).await?;
        let limits = PointLimits::default();
        let mut entries = Vec::new();
        for (n, account) in users.clone().zip(accounts.values_mut()) {
            entries.push(account.charge(id(n), id(n), krw(1_000_000), None, &limits, at(0)).unwrap());
        }
        tx.save_points(&accounts.into_values().collect::<Vec<_>>(), &entries).await
    })
    .await;
}

/// Accounts with points of a minute.
async fn grant(shop: &Shop, users: std::ops::Range<u32>) {
    let mut accounts: Vec<_> = users.clone().map(|n| PointAccount::open(id(n), Currency::KRW)).collect();
    shop.in_one(async |tx| {
        tx.insert_point_accounts(&accounts).await?;
        let limits = PointLimits::default();
        let granted = users.zip(&mut accounts).map(|(n, account)| {
            let reason = "welcome".to_owned();
            account.grant(id(n), id(n), krw(1_000), at(60_000), reason, &limits, at(0)).unwrap()
        });
        let granted: Vec<_> = granted.collect();
        tx.save_points(&accounts, &granted).await
    })
    .await;
}

#[tokio::test]
async fn a_set_of_any_size_costs_eight_statements_to_place() {
    let shop = Shop::open().await;
    shop.add_products(&(1..=100).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
    let mut texts = BTreeSet::new();
    for (orders, lines) in [(100..101, 1), (200..201, 100), (300..428, 3)] {
        shop.take_statements();
        place(&shop, orders, lines).await;
        let statements = shop.take_statements();
        assert!(statements.len() <= 8, "{statements:#?}");
        texts.extend(statements);
    }
    assert_eq!(texts.len(), 8, "one text a statement: {texts:#?}");
}

#[tokio::test]
async fn a_set_of_any_size_costs_few_statements_to_pay() {
    let shop = Shop::open().await;
    shop.add_products(&(1..=3).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
    let users = 100..164;
    charge(&shop, users.clone()).await;
    let orders = place(&shop, users.clone(), 3).await;
    shop.take_statements();
    let payments: Vec<Payment> = orders
        .iter()
        .zip(users.clone())
        .map(|(order, n)| payment(n, order, &RequestedTenders::AllPoints))
        .collect();
    shop.in_one(async |tx| {
        let mut orders = tx.lock_orders(&ids(users.clone())).await?;
        assert_eq!(shop.take_statements().len(), 2);
        let mut accounts = tx.lock_point_accounts(&ids(users.clone())).await?;
        assert_eq!(shop.take_statements().len(), 2);
        let mut entries = Vec::new();
        for ((order, account), payment) in orders.values_mut().zip(accounts.values_mut()).zip(&payments) {
            let number = u32::try_from(payment.id.as_uuid().as_u128() & 0xffff).unwrap();
            entries.push(
                account.spend(id(5_000 + number), order.total(), (payment.id, order.id), at(200)).unwrap(),
            );
            order.pay(at(200)).unwrap();
        }
        tx.save_order_states(&orders.into_values().collect::<Vec<_>>()).await?;
        assert_eq!(shop.take_statements().len(), 1);
        tx.save_points(&accounts.into_values().collect::<Vec<_>>(), &entries).await?;
        assert!(shop.take_statements().len() <= 5);
        tx.insert_payments(&payments).await?;
        assert_eq!(shop.take_statements().len(), 5);
        tx.insert_uncounted_sales(&(1..=3).map(|n| sale(n, 64)).collect::<Vec<_>>()).await?;
        assert_eq!(shop.take_statements().len(), 1);
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_set_of_any_size_costs_few_statements_to_give_points_back_and_to_let_them_expire() {
    let shop = Shop::open().await;
    let (mut finding, mut locking) = (BTreeSet::new(), BTreeSet::new());
    for users in [100..101, 200..264] {
        grant(&shop, users.clone()).await;
        let entries = shop
            .in_one(async |tx| {
                let mut accounts = tx.lock_point_accounts(&ids(users.clone())).await?;
                let spent = users.clone().zip(accounts.values_mut()).map(|(n, account)| {
                    account.spend(id(10_000 + n), krw(500), (id(n), id(n)), at(1)).unwrap()
                });
                let spent: Vec<_> = spent.collect();
                tx.save_points(&accounts.into_values().collect::<Vec<_>>(), &spent).await?;
                Ok(spent)
            })
            .await;
        shop.take_statements();
        shop.in_one(async |tx| {
            let mut accounts = tx.lock_point_accounts(&ids(users.clone())).await?;
            assert_eq!(shop.take_statements().len(), 2);
            let mut spendings = tx.find_point_spendings(&ids(users.clone())).await?;
            assert_eq!(spendings.len(), entries.len());
            finding.extend(shop.take_statements());
            let back = users.clone().zip(spendings.values_mut()).map(|(n, spending)| {
                let account = accounts.get_mut(&spending.user).unwrap();
                account.give_back(id(20_000 + n), || id(n), krw(300), spending, at(2)).unwrap()
            });
            let back: Vec<_> = back.collect();
            tx.save_points(&accounts.into_values().collect::<Vec<_>>(), &back).await
        })
        .await;
        shop.take_statements();
        shop.in_one(async |tx| {
            let accounts = tx.lock_due_point_accounts(at(60_000), 100).await?;
            let statements = shop.take_statements();
            assert_eq!((statements.len(), accounts.len()), (3, entries.len()));
            locking.extend(statements);
            let (mut numbers, mut written, mut changed) = (30_000 + users.start.., vec![], vec![]);
            for mut account in accounts.into_values() {
                written.extend(account.expire_due(|| id(numbers.next().unwrap()), at(60_000)));
                changed.push(account);
            }
            tx.save_points(&changed, &written).await
        })
        .await;
    }
    assert_eq!((finding.len(), locking.len()), (4, 3), "one text a statement: {finding:#?} {locking:#?}");
}

#[tokio::test]
async fn a_set_of_any_size_costs_few_statements_to_refund() {
    let (shop, fixtures) = (Shop::open().await, Fixtures::seeded(1));
    shop.add_products(&(1..=3).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
    let mut texts = BTreeSet::new();
    for users in [100..101, 200..264] {
        let orders = place(&shop, users.clone(), 3).await;
        let all = ids(users.clone());
        let paid: Vec<Payment> =
            users.zip(&orders).map(|(n, order)| payment(n, order, &RequestedTenders::AllPoints)).collect();
        shop.in_one(async |tx| tx.insert_payments(&paid).await).await;
        let refunds: Vec<Refund> =
            orders.iter().zip(&paid).map(|(order, payment)| fixtures.refund(order, payment)).collect();
        shop.take_statements();
        shop.in_one(async |tx| {
            assert_eq!(tx.find_orders_of_payments(&all).await?.len(), orders.len());
            let mut changed: Vec<Payment> = tx.lock_payments(&all).await?.into_values().collect();
            let events = changed.iter_mut().map(|payment| {
                let all = [(TenderMethod::Point, payment.amount)];
                (payment.id, payment.give_back(&all, GivingBack::Rest, at(1)).unwrap())
            });
            let events: Vec<_> = events.collect();
            tx.save_returned_units(&orders).await?;
            tx.save_given_back(&changed, &events).await?;
            tx.insert_refunds(&refunds).await
        })
        .await;
        let statements = shop.take_statements();
        assert_eq!(statements.len(), 1 + 5 + 1 + 3 + 3, "{statements:#?}");
        texts.insert(statements);
    }
    assert_eq!(texts.len(), 1, "one text a statement: {texts:#?}");
}

#[tokio::test]
async fn a_set_of_any_size_costs_few_statements_to_claim_and_to_use() {
    let shop = Shop::open().await;
    for (base, campaigns, users) in [(1_000, 1, 1), (2_000, 1, 100), (10_000, 20, 30)] {
        let mut made: Vec<_> = (base..base + campaigns).map(|n| campaign(n, 1_000)).collect();
        shop.take_statements();
        shop.in_one(async |tx| tx.insert_campaigns(&made).await).await;
        assert_eq!(shop.take_statements().len(), 3);
        let of = ids(base..base + campaigns);
        let users: Vec<UserId> = (0..users).map(id).collect();
        let mut numbers = base * 100..;
        let coupons: Vec<IssuedCoupon> = made
            .iter_mut()
            .flat_map(|campaign| {
                let claims = users.iter().zip(numbers.by_ref());
                claims.map(|(user, n)| coupon(n, campaign, *user)).collect::<Vec<_>>()
            })
            .collect();
        shop.in_one(async |tx| {
            assert_eq!(tx.lock_campaigns(&of).await?.len(), of.len());
            assert_eq!(shop.take_statements().len(), 1);
            tx.find_coupon_terms(&of).await?;
            assert_eq!(shop.take_statements().len(), 2);
            let claimants =
                coupons.iter().map(|it| Claimant { campaign: it.campaign, user: it.user }).collect();
            tx.count_claims(&claimants).await?;
            assert_eq!(shop.take_statements().len(), 1);
            tx.insert_issued_coupons(&coupons).await?;
            assert_eq!(shop.take_statements().len(), 1);
            tx.save_claimed(&made.iter().map(|it| it.allotment.clone()).collect::<Vec<_>>()).await?;
            assert_eq!(shop.take_statements().len(), 1);
            let mut locked = tx.lock_issued_coupons(&coupons.iter().map(|it| it.id).collect()).await?;
            assert_eq!((shop.take_statements().len(), locked.len()), (1, coupons.len()));
            for it in locked.values_mut() {
                it.used = Some(CouponUse { order: id(1), used_at: at(1) });
            }
            tx.save_issued_coupons(&locked.into_values().collect::<Vec<_>>()).await?;
            assert_eq!(shop.take_statements().len(), 1);
            Ok(())
        })
        .await;
    }
    let page = PageRequest { limit: Limit::DEFAULT, after: None };
    assert_eq!(shop.storage.list_campaigns(&page).await.unwrap().items.len(), 20);
    assert_eq!(shop.take_statements().len(), 2);
}

#[tokio::test]
async fn a_batch_of_any_size_costs_few_statements_to_count() {
    let shop = Shop::open().await;
    let zone = BusinessZone::SEOUL;
    for (numbers, count) in [(1..2, 1), (100..1_100, 1_000)] {
        let sales: Vec<_> = numbers.map(|n| sale(n, i64::from(n))).collect();
        shop.in_one(async |tx| tx.insert_uncounted_sales(&sales).await).await;
        shop.take_statements();
        let counted = count_sales(&shop.storage, &Fixtures::seeded(1).sources(), zone).await.unwrap();
        assert_eq!(counted, count);
        // The lock, what is uncounted, its roll-ups, these deleted and inserted, the sales deleted. The first batch makes
        // the row of its lock, and a full one is followed by another.
        let statements = shop.take_statements();
        assert!(statements.len() <= 8, "{statements:#?}");
    }
}

#[tokio::test]
async fn a_ranking_is_two_statements_and_reads_no_order() {
    let shop = Shop::open().await;
    shop.take_statements();
    let days = (1..=31).map(|day| format!("2026-12-{day:02}").parse().unwrap()).collect();
    shop.storage.popular_products(&days, Currency::KRW, Limit::DEFAULT, at(0)).await.unwrap();
    let statements = shop.take_statements();
    assert_eq!(statements.len(), 2, "{statements:#?}");
    assert!(statements.iter().all(|text| !text.contains("order_lines") && !text.contains("orders")));
}

#[tokio::test]
async fn nothing_is_no_statement() {
    let shop = Shop::open().await;
    shop.take_statements();
    let (users, orders, products) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    shop.in_one(async |tx| {
        tx.lock_users(&users).await?;
        tx.find_users_by_email(&[]).await?;
        tx.insert_users(&[]).await?;
        tx.save_users(&[]).await?;
        tx.lock_refresh_families(&BTreeSet::new()).await?;
        tx.lock_open_refresh_families_of(&users).await?;
        tx.insert_refresh_families(&[]).await?;
        tx.save_refresh_families(&[]).await?;
        tx.lock_products(&products).await?;
        tx.insert_products(&[]).await?;
        tx.save_catalogue(&[]).await?;
        tx.save_stock(&[]).await?;
        tx.insert_stock_adjustments(&[]).await?;
        tx.lock_orders(&orders).await?;
        tx.find_unpaid_orders_of(&users).await?;
        tx.insert_orders(&[]).await?;
        tx.save_order_states(&[]).await?;
        tx.save_returned_units(&[]).await?;
        tx.insert_payments(&[]).await?;
        tx.find_orders_of_payments(&BTreeSet::new()).await?;
        tx.lock_payments(&BTreeSet::new()).await?;
        tx.save_given_back(&[], &[]).await?;
        tx.insert_refunds(&[]).await?;
        tx.lock_point_accounts(&users).await?;
        tx.find_point_spendings(&BTreeSet::new()).await?;
        tx.insert_point_accounts(&[]).await?;
        tx.save_points(&[], &[]).await?;
        tx.insert_campaigns(&[]).await?;
        tx.lock_campaigns(&BTreeSet::new()).await?;
        tx.find_coupon_terms(&BTreeSet::new()).await?;
        tx.save_claimed(&[]).await?;
        tx.count_claims(&BTreeSet::new()).await?;
        tx.lock_issued_coupons(&BTreeSet::new()).await?;
        tx.insert_issued_coupons(&[]).await?;
        tx.save_issued_coupons(&[]).await?;
        tx.find_idempotency_records(&BTreeSet::new()).await?;
        tx.insert_idempotency_records(&[]).await?;
        tx.delete_delivered_events(&BTreeSet::new()).await?;
        tx.insert_uncounted_sales(&[]).await?;
        tx.delete_uncounted_sales(&[]).await?;
        tx.find_roll_ups(&BTreeSet::new()).await?;
        tx.replace_roll_ups(&BTreeSet::new(), &[]).await?;
        tx.append_events(&[]).await
    })
    .await;
    assert_eq!(shop.take_statements(), Vec::<String>::new());
}

async fn exercise_coupons(shop: &Shop) {
    let mut campaigns = [campaign(1, 10), campaign(2, 10)];
    let coupons = [coupon(1, &mut campaigns[0], id(1)), coupon(2, &mut campaigns[1], id(1))];
    shop.in_one(async |tx| {
        tx.insert_campaigns(&campaigns).await?;
        tx.lock_campaigns(&ids([1, 2])).await?;
        tx.find_coupon_terms(&ids([1, 2])).await?;
        tx.count_claims(&[Claimant { campaign: id(1), user: id(1) }].into()).await?;
        tx.insert_issued_coupons(&coupons).await?;
        tx.save_claimed(&campaigns.map(|campaign| campaign.allotment)).await?;
        tx.lock_issued_coupons(&ids([1, 2])).await?;
        tx.save_issued_coupons(&coupons).await
    })
    .await;
    let read = &shop.storage;
    read.find_campaign(id(1)).await.unwrap();
    read.find_allotment(id(1)).await.unwrap();
    read.find_issued_coupon(id(1)).await.unwrap();
    for after in [None, Some(CampaignPosition { created_at: at(9), id: id(9) })] {
        read.list_campaigns(&PageRequest { limit: Limit::DEFAULT, after }).await.unwrap();
    }
    for after in [None, Some(IssuedCouponPosition { claimed_at: at(9), id: id(9) })] {
        for status in
            [None, Some(CouponStatus::Issued), Some(CouponStatus::Used), Some(CouponStatus::Expired)]
        {
            let page = PageRequest { limit: Limit::DEFAULT, after };
            read.list_issued_coupons(&IssuedCouponFilter { user: id(1), status }, at(1), &page)
                .await
                .unwrap();
        }
    }
}

/// A payment takes points that come back, and a lot expires.
async fn exercise_points(shop: &Shop) {
    charge(shop, 100..102).await;
    shop.in_one(async |tx| {
        let mut accounts = tx.lock_point_accounts(&ids([100])).await?;
        let account = accounts.get_mut(&id(100)).unwrap();
        let (reason, limits) = ("sorry".to_owned(), PointLimits::default());
        let entries = [
            account.spend(id(900), krw(5), (id(100), id(100)), at(0)).unwrap(),
            account.grant(id(901), id(901), krw(5), at(1), reason, &limits, at(0)).unwrap(),
        ];
        tx.save_points(slice::from_ref(account), &entries).await?;
        assert_eq!(tx.find_point_spendings(&ids([100])).await?.len(), 1);
        assert_eq!(tx.lock_due_point_accounts(at(1), 10).await?.len(), 1);
        Ok(())
    })
    .await;
    let read = &shop.storage;
    read.find_point_account(id(100)).await.unwrap();
    for after in [None, Some(PointPosition { sequence: 9 })] {
        read.list_point_history(id(100), &PageRequest { limit: Limit::DEFAULT, after }).await.unwrap();
    }
}

async fn exercise_refunds(shop: &Shop, order: &Order, payment: &Payment) {
    let one = [payment.id].into();
    shop.in_one(async |tx| {
        tx.find_orders_of_payments(&one).await?;
        let mut payments: Vec<Payment> = tx.lock_payments(&one).await?.into_values().collect();
        let event = payments[0].give_back(&[], GivingBack::Part, at(1)).unwrap();
        tx.save_given_back(&payments, &[(payment.id, event)]).await?;
        tx.save_returned_units(slice::from_ref(order)).await?;
        tx.insert_refunds(&[Fixtures::seeded(1).refund(order, payment)]).await
    })
    .await;
    shop.storage.find_refund(id(100)).await.unwrap();
    for after in [None, Some(RefundPosition { created_at: at(9), id: id(9) })] {
        let page = PageRequest { limit: Limit::DEFAULT, after };
        shop.storage.list_refunds_of_payment(payment.id, &page).await.unwrap();
    }
}

async fn exercise_sales(shop: &Shop) {
    let sales = [sale(1, 5), sale(2, -3)];
    let zone = BusinessZone::SEOUL;
    let roll_ups = sales.map(|sale| DailySales::of_nothing(sale.key(zone)));
    let keys = roll_ups.iter().map(DailySales::key).collect();
    shop.in_one(async |tx| {
        tx.insert_uncounted_sales(&sales).await?;
        tx.list_uncounted_sales(5).await?;
        tx.find_roll_ups(&keys).await?;
        tx.find_roll_ups_of(roll_ups[0].day).await?;
        tx.replace_roll_ups(&keys, &roll_ups).await?;
        tx.save_roll_ups(&roll_ups).await?;
        tx.sum_counted_sales(zone.day(roll_ups[0].day).unwrap()).await?;
        tx.delete_uncounted_sales(&sales).await
    })
    .await;
    let days = [roll_ups[0].day, at(86_400_000).date_naive()].into();
    shop.storage.popular_products(&days, Currency::KRW, Limit::DEFAULT, at(0)).await.unwrap();
}

/// Runs everything that the storage can, so that its statements can be looked at.
async fn exercise(shop: &Shop) {
    shop.add_users(&[user(1), user(2)]).await;
    shop.add_products(&(1..=3).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
    let orders = place(shop, 100..102, 3).await;
    let payments: Vec<_> =
        (100..).zip(&orders).map(|(n, order)| payment(n, order, &RequestedTenders::AllPoints)).collect();
    let family = RefreshFamily {
        id: id(1),
        user: id(1),
        current: SecretHash([1; 32]),
        created_at: at(0),
        expires_at: at(1),
        ended_at: None,
    };
    let emails = [user(1).profile().unwrap().email.clone()];
    let adjustment = product(1, 1).initial_adjustment(id(1));
    let users: BTreeSet<UserId> = ids([1, 2]);
    shop.in_one(async |tx| {
        tx.lock_users(&users).await?;
        tx.find_users_by_email(&emails).await?;
        tx.save_users(&[user(1)]).await?;
        tx.insert_refresh_families(slice::from_ref(&family)).await?;
        tx.lock_refresh_families(&ids([1])).await?;
        tx.lock_open_refresh_families_of(&users).await?;
        tx.save_refresh_families(&[family]).await?;
        tx.save_catalogue(&[product(1, 1)]).await?;
        tx.insert_stock_adjustments(&[adjustment]).await?;
        tx.lock_orders(&ids([100])).await?;
        tx.lock_due_orders(at(0), 10).await?;
        tx.find_unpaid_orders_of(&users).await?;
        tx.save_order_states(&orders).await?;
        tx.insert_payments(&payments).await?;
        tx.delete_idempotency_records_before(at(0), 5).await?;
        let lease = Lease { name: LeaseName::EventRelay, holder: id(1), expires_at: at(1) };
        tx.insert_lease(&lease).await?;
        tx.lock_lease(lease.name).await?;
        tx.save_lease(&lease).await?;
        let after = AggregatePosition { subject: orders[0].id.as_uuid(), aggregate: "order".to_owned() };
        for after in [None, Some(&after)] {
            tx.list_undelivered_events(after, 5).await?;
        }
        tx.delete_delivered_events(&ids([100, 101])).await?;
        Ok(())
    })
    .await;
    exercise_refunds(shop, &orders[0], &payments[0]).await;
    exercise_points(shop).await;
    exercise_coupons(shop).await;
    exercise_sales(shop).await;
    let read = &shop.storage;
    read.last_undelivered_event().await.unwrap();
    read.find_user(id(1)).await.unwrap();
    read.find_user_by_address(&emails[0]).await.unwrap();
    read.find_password(&emails[0]).await.unwrap();
    read.session_standing(id(1), id(1), at(0)).await.unwrap();
    for after in [None, Some(id(9))] {
        read.list_sealed_accounts(after, 100).await.unwrap();
    }
    read.find_product(id(1)).await.unwrap();
    read.find_order(id(100)).await.unwrap();
    read.find_payment(id(100)).await.unwrap();
    read.payments_of_order(id(100)).await.unwrap();
    for after in [None, Some(UserPosition { created_at: at(9), id: id(9) })] {
        for role in [None, Some(Role::Admin)] {
            for email in [None, Some(emails[0].clone())] {
                let page = PageRequest { limit: Limit::DEFAULT, after };
                read.list_users(&UserFilter { role, email }, &page).await.unwrap();
            }
        }
    }
    for after in [None, Some(OrderPosition { created_at: at(9), id: id(9) })] {
        for user in [None, Some(id(1))] {
            for status in [None, Some(OrderStatus::Paid)] {
                let page = PageRequest { limit: Limit::DEFAULT, after };
                read.list_orders(&OrderFilter { user, status }, &page).await.unwrap();
            }
        }
    }
    let sorts = [
        (ProductSort::Newest, ProductPosition::Newest { created_at: at(9), id: id(9) }),
        (ProductSort::PriceAscending, ProductPosition::Price { amount: 9, id: id(9) }),
        (ProductSort::PriceDescending, ProductPosition::Price { amount: 9, id: id(9) }),
        (ProductSort::Name, ProductPosition::Name { key: NameKey::of("m"), id: id(9) }),
    ];
    for (sort, position) in sorts {
        for after in [None, Some(position)] {
            let filter = ProductFilter { name_prefix: None, status: ProductStatus::OnSale };
            let page = PageRequest { limit: Limit::DEFAULT, after };
            read.list_products(&ProductList { filter, sort, page }).await.unwrap();
        }
    }
    for after in [None, Some(ProductPosition::Name { key: NameKey::of("mu"), id: id(9) })] {
        let filter = ProductFilter { name_prefix: Some(NameKey::of("m")), status: ProductStatus::OnSale };
        let page = PageRequest { limit: Limit::DEFAULT, after };
        read.list_products(&ProductList { filter, sort: ProductSort::Name, page }).await.unwrap();
    }
}

#[tokio::test]
async fn every_row_is_found_through_an_index() {
    let shop = Shop::open().await;
    shop.take_statements();
    exercise(&shop).await;
    let texts: BTreeSet<_> = shop.take_statements().into_iter().collect();
    assert!(texts.len() > 80, "{}", texts.len());
    let db = shop.by_hand().await;
    let (mut pages_of_coupons, mut searches_of_points, mut over_sales) = (0, 0, 0);
    for text in texts {
        let explain = Statement::from_string(db.get_database_backend(), format!("EXPLAIN QUERY PLAN {text}"));
        let plan: Vec<String> = db
            .query_all_raw(explain)
            .await
            .unwrap()
            .iter()
            .map(|row| row.try_get("", "detail").unwrap())
            .collect();
        // A page of a user's coupons is one range of the index that sorts them, whatever their status.
        if text.contains("FROM \"issued_coupons\"") && text.contains("ORDER BY") {
            let range =
                if text.contains(") < (") { "(user_id=? AND (claimed_at,id)<(?,?))" } else { "(user_id=?)" };
            let expected = format!("SEARCH issued_coupons USING INDEX issued_coupons_of_user {range}");
            assert_eq!(plan, [expected], "{text}");
            pages_of_coupons += 1;
        }
        // Not even a scan of an index would do where only few of many rows are wanted.
        for (table, marked, expected) in [
            (
                "point_history",
                "\"payment_id\" = ",
                "SEARCH t USING INDEX point_history_of_payment (payment_id=?)",
            ),
            ("point_lots", "\"expires_at\" <= ", "SEARCH t USING INDEX point_lots_by_expiry (expires_at<?)"),
        ] {
            if text.contains(&format!("\"{table}\" AS t")) && text.contains(marked) {
                assert!(plan.iter().any(|step| step == expected), "{text}\n{plan:#?}");
                searches_of_points += 1;
            }
        }
        // What is summed by product is sorted by product, whatever it was found through.
        if text.contains("GROUP BY product_id") {
            assert_eq!(plan, plan_over_sales(&text), "{text}");
            over_sales += 1;
            continue;
        }
        // What follows in the plan of an insert are looks for child rows, which SQLite skips while no foreign key is
        // violated.
        let steps = if text.starts_with("INSERT") { &plan[..1] } else { &plan };
        for step in steps {
            let walks =
                step.starts_with("SCAN ") && !step.contains(" USING ") && !step.contains("VIRTUAL TABLE");
            // A queue is read from its beginning up to a limit, in the order in which it is kept.
            let walks = walks && !(step == "SCAN uncounted_sales" && text.contains(" LIMIT "));
            // Nor is it a walk where there is one row, made by the query itself.
            let walks = walks && !["SCAN CONSTANT ROW", "SCAN one_row"].contains(&step.as_str());
            let sorts = step.contains("TEMP B-TREE") || step.contains("AUTOMATIC");
            assert!(!walks && !sorts, "{text}\n{plan:#?}");
        }
    }
    assert_eq!((pages_of_coupons, searches_of_points, over_sales), (8, 2, 2));
}

/// A ranking is ranges of the roll-ups, and each product by its id. A rebuild is ranges of the orders and the refunds of a
/// day's sales, and all that is just now uncounted.
fn plan_over_sales(text: &str) -> &'static [&'static str] {
    if text.contains("daily_sales") {
        &[
            "CO-ROUTINE r",
            "SEARCH daily_sales USING PRIMARY KEY (day=?)",
            "USE TEMP B-TREE FOR GROUP BY",
            "SCAN r",
            "SEARCH p USING INDEX sqlite_autoindex_products_1 (id=?)",
            "SEARCH s USING PRIMARY KEY (product_id=?)",
            "USE TEMP B-TREE FOR ORDER BY",
        ]
    } else {
        &[
            "CO-ROUTINE parts",
            "COMPOUND QUERY",
            "LEFT-MOST SUBQUERY",
            "SEARCH o USING INDEX orders_by_payment (paid_at>? AND paid_at<?)",
            "SEARCH l USING PRIMARY KEY (order_id=?)",
            "UNION ALL",
            "SEARCH r USING INDEX refunds_by_sale (paid_at>? AND paid_at<?)",
            "SEARCH i USING PRIMARY KEY (refund_id=?)",
            "UNION ALL",
            "SCAN uncounted_sales",
            "SCAN parts",
            "USE TEMP B-TREE FOR GROUP BY",
        ]
    }
}

#[tokio::test]
async fn on_postgres_every_row_is_found_through_an_index() {
    let shop = Shop::open_on(Service::Postgres, |_| ()).await;
    shop.take_statements();
    exercise(&shop).await;
    let texts: BTreeSet<_> = shop.take_statements().into_iter().collect();
    assert!(texts.len() > 80, "{}", texts.len());
    let db = shop.by_hand().await;
    for (text, plan) in texts.iter().zip(plans_on_postgres(&db, &texts).await) {
        // A rebuild reads all that is just now uncounted.
        let walks =
            |step: &String| step.contains("Seq Scan") && !step.contains("Seq Scan on uncounted_sales");
        assert!(!plan.iter().any(walks), "{text}\n{plan:#?}");
    }
}

/// A table that was tidied up while next to nothing was in it, such as a queue, is believed to be empty until that is done
/// again, however many rows it gets meanwhile. What is updated stays, and is no such table.
#[tokio::test]
async fn on_postgres_a_set_is_looked_up_key_by_key_in_a_table_that_is_believed_to_be_empty() {
    let shop = Shop::open_on(Service::Postgres, |_| ()).await;
    shop.take_statements();
    exercise(&shop).await;
    let texts: BTreeSet<_> = shop
        .take_statements()
        .into_iter()
        .filter(|text| text.contains("unnest(") && !text.starts_with("UPDATE"))
        .collect();
    assert!(texts.len() > 40, "{}", texts.len());
    let db = shop.by_hand().await;
    // Those whose rows go again.
    let emptied =
        "'outbox', 'uncounted_sales', 'daily_sales', 'idempotency_records', 'refresh_families', 'leases'";
    db.execute_unprepared(&format!(
        "UPDATE pg_class SET relpages = 10, reltuples = 0 WHERE relname IN ({emptied})"
    ))
    .await
    .unwrap();
    for (text, plan) in texts.iter().zip(plans_on_postgres(&db, &texts).await) {
        let walked =
            plan.iter().zip(plan.iter().skip(1).map(String::as_str).chain([""])).find(|(step, next)| {
                (step.contains("Index Scan") || step.contains("Index Only Scan"))
                    && !next.contains("Index Cond")
            });
        assert!(walked.is_none(), "{text}\n{plan:#?}");
    }
}

/// The plans that any values get, with the settings of the storage's connections.
async fn plans_on_postgres(db: &DatabaseConnection, texts: &BTreeSet<String>) -> Vec<Vec<String>> {
    db.execute_unprepared("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        .await
        .unwrap();
    let mut plans = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let parameters = (1..=20).filter(|n| text.contains(&format!("${n}"))).count();
        db.execute_unprepared(&format!("PREPARE s{n} AS {text}")).await.unwrap();
        let values = if parameters == 0 {
            String::new()
        } else {
            format!("({})", vec!["NULL"; parameters].join(", "))
        };
        let explain =
            Statement::from_string(db.get_database_backend(), format!("EXPLAIN EXECUTE s{n}{values}"));
        let steps = db.query_all_raw(explain).await.unwrap();
        plans.push(steps.iter().map(|row| row.try_get_by_index(0).unwrap()).collect());
    }
    plans
}

#[tokio::test]
async fn a_set_costs_as_many_statements_on_servers() {
    for service in Service::ALL {
        let shop = Shop::open_on(service, |_| ()).await;
        shop.add_products(&(1..=100).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
        let mut texts = BTreeSet::new();
        for (orders, lines) in [(100..101, 1), (200..201, 100), (300..428, 3)] {
            shop.take_statements();
            place(&shop, orders, lines).await;
            texts.extend(shop.take_statements());
        }
        assert_eq!(texts.len(), 8, "{service}: one text a statement: {texts:#?}");
    }
}
