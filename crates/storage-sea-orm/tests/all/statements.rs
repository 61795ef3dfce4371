//! How many statements a set costs, and how the database carries them out.

use std::collections::BTreeSet;
use std::slice;

use jangteo_application::{
    AggregatePosition, IdempotencyRepository, Lease, LeaseName, LeaseRepository, Outbox, OutboxQueries,
    UndeliveredEvents,
};
use jangteo_coupon::{
    CampaignPosition, CampaignRepository, Claimant, CouponQueries, CouponStatus, CouponUse, IssuedCoupon,
    IssuedCouponFilter, IssuedCouponPosition, IssuedCouponRepository,
};
use jangteo_order::{Order, OrderFilter, OrderPosition, OrderQueries, OrderRepository, OrderStatus};
use jangteo_payment::{Payment, PaymentQueries, PaymentRepository, RequestedTenders};
use jangteo_point::{PointAccount, PointLimits, PointPosition, PointQueries, PointRepository};
use jangteo_product::{
    NameKey, Product, ProductFilter, ProductList, ProductPosition, ProductQueries, ProductRepository,
    ProductSort, ProductStatus,
};
use jangteo_shared_kernel::{Currency, Limit, PageRequest, Quantity, UserId};
use jangteo_test_services::Service;
use jangteo_user::{
    RefreshFamily, RefreshFamilyRepository, Role, SecretHash, UserFilter, UserPosition, UserQueries,
    UserRepository,
};
use sea_orm::{ConnectionTrait, Statement};

use crate::support::{
    Shop, at, campaign, coupon, event, id, ids, krw, order, payment, product, record, user,
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
        Ok(())
    })
    .await;
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
        tx.insert_payments(&[]).await?;
        tx.lock_point_accounts(&users).await?;
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

/// Runs everything that the storage can, so that its statements can be looked at.
async fn exercise(shop: &Shop) {
    shop.add_users(&[user(1), user(2)]).await;
    shop.add_products(&(1..=3).map(|n| product(n, 1_000)).collect::<Vec<_>>()).await;
    charge(shop, 100..102).await;
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
    exercise_coupons(shop).await;
    let read = &shop.storage;
    read.last_undelivered_event().await.unwrap();
    read.find_user(id(1)).await.unwrap();
    read.find_user_by_address(&emails[0]).await.unwrap();
    read.session_standing(id(1), id(1), at(0)).await.unwrap();
    read.find_product(id(1)).await.unwrap();
    read.find_order(id(100)).await.unwrap();
    read.find_payment(id(100)).await.unwrap();
    read.payments_of_order(id(100)).await.unwrap();
    read.find_point_account(id(100)).await.unwrap();
    let page = |after| PageRequest { limit: Limit::DEFAULT, after };
    for after in [None, Some(PointPosition { sequence: 9 })] {
        read.list_point_history(id(100), &page(after)).await.unwrap();
    }
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
    let mut pages_of_coupons = 0;
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
        // What follows in the plan of an insert are looks for child rows, which SQLite skips while no foreign key is
        // violated.
        let steps = if text.starts_with("INSERT") { &plan[..1] } else { &plan };
        for step in steps {
            let walks =
                step.starts_with("SCAN ") && !step.contains(" USING ") && !step.contains("VIRTUAL TABLE");
            let sorts = step.contains("TEMP B-TREE") || step.contains("AUTOMATIC");
            assert!(!walks && !sorts, "{text}\n{plan:#?}");
        }
    }
    assert_eq!(pages_of_coupons, 8);
}

/// The plan that any values get, with the settings of the storage's connections.
#[tokio::test]
async fn on_postgres_every_row_is_found_through_an_index() {
    let shop = Shop::open_on(Service::Postgres, |_| ()).await;
    shop.take_statements();
    exercise(&shop).await;
    let texts: BTreeSet<_> = shop.take_statements().into_iter().collect();
    assert!(texts.len() > 80, "{}", texts.len());
    let db = shop.by_hand().await;
    db.execute_unprepared("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        .await
        .unwrap();
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
        let plan: Vec<String> = db
            .query_all_raw(explain)
            .await
            .unwrap()
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect();
        assert!(!plan.iter().any(|step| step.contains("Seq Scan")), "{text}\n{plan:#?}");
    }
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
