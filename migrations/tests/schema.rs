//! What the tables hold by themselves, whatever the code above them does.
#![expect(clippy::unwrap_used, reason = "this is a test: what it did not expect ends it")]

use jangteo_migrations::{Migrator, MigratorTrait};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};

/// A new database in a file of its own, which lives as long as the directory.
async fn database() -> (tempfile::TempDir, DatabaseConnection) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", directory.path().join("schema.db").display());
    (directory, Database::connect(url).await.unwrap())
}

async fn migrated() -> (tempfile::TempDir, DatabaseConnection) {
    let (directory, db) = database().await;
    Migrator::up(&db, None).await.unwrap();
    (directory, db)
}

async fn schema(db: &DatabaseConnection) -> Vec<(String, String, Option<String>)> {
    let all =
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name <> 'seaql_migrations' ORDER BY type, name";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), all)).await.unwrap();
    let column = |row: &_, name| {
        sea_orm_migration::sea_orm::QueryResult::try_get::<Option<String>>(row, "", name).unwrap()
    };
    rows.iter()
        .map(|row| (column(row, "type").unwrap(), column(row, "name").unwrap(), column(row, "sql")))
        .collect()
}

async fn run(db: &DatabaseConnection, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(|_| ())
}

/// Each of these rows is right but for the one thing that its constraint is about.
async fn refused_by(db: &DatabaseConnection, constraint: &str, sql: &str) {
    let error = run(db, sql).await.unwrap_err().to_string();
    assert!(error.contains(constraint), "{sql}\nwas refused by something else: {error}");
}

const NOW: &str = "'2026-11-22T00:00:00+00:00'";

async fn place_order(db: &DatabaseConnection) {
    let order = format!(
        "INSERT INTO orders VALUES (x'01', x'02', 10, 0, 10, 'KRW', 'PENDING_PAYMENT', {NOW}, {NOW}, NULL, NULL, NULL, 1, NULL)"
    );
    run(db, &order).await.unwrap();
}

#[tokio::test]
async fn goes_down_and_up_again_to_the_same_schema() {
    let (_directory, db) = migrated().await;
    let first = schema(&db).await;
    assert!(first.iter().filter(|(kind, ..)| kind == "table").count() >= 25, "{first:?}");
    Migrator::down(&db, None).await.unwrap();
    assert_eq!(schema(&db).await, vec![]);
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(schema(&db).await, first);
}

#[tokio::test]
async fn goes_down_one_change_at_a_time() {
    let (_directory, db) = migrated().await;
    for left in (0..Migrator::migrations().len()).rev() {
        Migrator::down(&db, Some(1)).await.unwrap();
        assert_eq!(Migrator::get_applied_migrations(&db).await.unwrap().len(), left);
    }
}

#[tokio::test]
async fn refuses_a_stock_below_zero() {
    let (_directory, db) = migrated().await;
    let product = format!(
        "INSERT INTO products VALUES (x'01', 'Mug', 'mug', '', 1, 'KRW', 'ON_SALE', 1, {NOW}, {NOW})"
    );
    run(&db, &product).await.unwrap();
    run(&db, "INSERT INTO product_stock VALUES (x'01', 1, 1)").await.unwrap();
    refused_by(&db, "product_stock_not_below_zero", "UPDATE product_stock SET quantity = quantity - 2").await;
    refused_by(&db, "products_price_in_bounds", "UPDATE products SET price_amount = -1").await;
    refused_by(&db, "products_price_in_bounds", "UPDATE products SET price_amount = 1000000000001").await;
    let adjustment = format!("INSERT INTO stock_adjustments VALUES (x'01', x'01', -2, 'lost', -1, {NOW})");
    refused_by(&db, "stock_adjustments_not_below_zero", &adjustment).await;
    refused_by(&db, "FOREIGN KEY", "INSERT INTO product_stock VALUES (x'02', 1, 1)").await;
}

#[tokio::test]
async fn refuses_points_below_zero() {
    let (_directory, db) = migrated().await;
    run(&db, "INSERT INTO point_accounts VALUES (x'01', 5, 'KRW', 1)").await.unwrap();
    refused_by(&db, "point_accounts_not_below_zero", "UPDATE point_accounts SET balance = balance - 6").await;
    run(&db, &format!("INSERT INTO point_lots VALUES (x'01', x'01', 'BONUS', 5, 5, NULL, {NOW})"))
        .await
        .unwrap();
    refused_by(&db, "point_lots_remaining_in_bounds", "UPDATE point_lots SET remaining = -1").await;
    refused_by(&db, "point_lots_remaining_in_bounds", "UPDATE point_lots SET remaining = 6").await;
    let entry = |id, sequence| {
        format!(
            "INSERT INTO point_history VALUES ({id}, x'01', {sequence}, 'GRANTED', 5, 5, NULL, NULL, NULL, {NOW})"
        )
    };
    run(&db, &entry("x'01'", 1)).await.unwrap();
    refused_by(&db, "UNIQUE", &entry("x'02'", 1)).await;
    refused_by(&db, "point_history_holds_together", &entry("x'02'", 0)).await;
    refused_by(&db, "FOREIGN KEY", "INSERT INTO point_lot_movements VALUES (x'01', 1, x'99', 5)").await;
}

#[tokio::test]
async fn refuses_to_refund_more_than_was_captured_and_to_settle_an_order_twice() {
    let (_directory, db) = migrated().await;
    for payment in ["x'01'", "x'02'", "x'03'"] {
        run(&db, &format!("INSERT INTO payments VALUES ({payment}, x'09', x'08', 10, 'KRW', {NOW})"))
            .await
            .unwrap();
    }
    run(&db, "INSERT INTO payment_summaries VALUES (x'01', 10, 0, x'09')").await.unwrap();
    run(&db, "UPDATE payment_summaries SET refunded = 10").await.unwrap();
    refused_by(&db, "payment_summaries_refunded_in_bounds", "UPDATE payment_summaries SET refunded = 11")
        .await;
    refused_by(&db, "settles_order_id", "INSERT INTO payment_summaries VALUES (x'02', 10, 0, x'09')").await;
    // Payments that settle nothing do not stand in each other's way.
    run(&db, "INSERT INTO payment_summaries VALUES (x'02', 0, 0, NULL), (x'03', 0, 0, NULL)").await.unwrap();
    run(&db, "INSERT INTO payment_tenders VALUES (x'01', 'POINT', 1, 10, 0)").await.unwrap();
    refused_by(&db, "payment_tenders_refunded_in_bounds", "UPDATE payment_tenders SET refunded = 11").await;
    refused_by(
        &db,
        "FOREIGN KEY",
        &format!("INSERT INTO payment_events VALUES (x'99', 1, 'REQUESTED', 1, {NOW})"),
    )
    .await;
}

#[tokio::test]
async fn refuses_orders_whose_amounts_or_states_do_not_hold_together() {
    let (_directory, db) = migrated().await;
    place_order(&db).await;
    refused_by(&db, "orders_total_adds_up", "UPDATE orders SET total_amount = 9").await;
    refused_by(
        &db,
        "orders_amounts_not_below_zero",
        "UPDATE orders SET discount_amount = 11, total_amount = -1",
    )
    .await;
    refused_by(&db, "orders_state_holds_together", "UPDATE orders SET status = 'PAID'").await;
    refused_by(&db, "orders_state_holds_together", &format!("UPDATE orders SET paid_at = {NOW}")).await;
    refused_by(
        &db,
        "orders_state_holds_together",
        &format!("UPDATE orders SET status = 'PAYED', paid_at = {NOW}"),
    )
    .await;
    run(&db, &format!("UPDATE orders SET status = 'PAID', paid_at = {NOW}")).await.unwrap();

    run(&db, "INSERT INTO order_lines VALUES (x'01', 1, x'05', x'06', 'Mug', 5, 2, 10, 0, 0, 0)")
        .await
        .unwrap();
    refused_by(
        &db,
        "order_lines_quantity_in_bounds",
        "UPDATE order_lines SET quantity = 0, gross_amount = 0",
    )
    .await;
    refused_by(
        &db,
        "order_lines_quantity_in_bounds",
        "UPDATE order_lines SET quantity = 1000, gross_amount = 5000",
    )
    .await;
    refused_by(&db, "order_lines_amounts_add_up", "UPDATE order_lines SET gross_amount = 9").await;
    refused_by(&db, "order_lines_amounts_add_up", "UPDATE order_lines SET discount_amount = 11").await;
    refused_by(&db, "order_lines_refunds_in_bounds", "UPDATE order_lines SET refunded = 3").await;
    refused_by(&db, "order_lines_refunds_in_bounds", "UPDATE order_lines SET refunded = 1, restocked = 2")
        .await;
    refused_by(
        &db,
        "UNIQUE",
        "INSERT INTO order_lines VALUES (x'01', 1, x'07', x'06', 'Mug', 5, 2, 10, 0, 0, 0)",
    )
    .await;
    refused_by(
        &db,
        "FOREIGN KEY",
        "INSERT INTO order_lines VALUES (x'99', 1, x'07', x'06', 'Mug', 5, 2, 10, 0, 0, 0)",
    )
    .await;
}

#[tokio::test]
async fn refuses_a_deleted_account_with_personal_data() {
    let (_directory, db) = migrated().await;
    let user = format!(
        "INSERT INTO users VALUES (x'01', 'CUSTOMER', x'aa', x'bb', x'cc', NULL, '$argon2id$', {NOW}, NULL, 1)"
    );
    run(&db, &user).await.unwrap();
    let constraint = "users_deleted_has_no_personal_data";
    refused_by(&db, constraint, &format!("UPDATE users SET deleted_at = {NOW}")).await;
    refused_by(&db, constraint, "UPDATE users SET email_sealed = NULL").await;
    refused_by(&db, "email_lookup", &user.replace("x'01'", "x'02'")).await;
    let deletion =
        "UPDATE users SET email_sealed = NULL, email_lookup = NULL, name_sealed = NULL, password_hash = NULL";
    run(&db, &format!("{deletion}, deleted_at = {NOW}")).await.unwrap();
    refused_by(&db, constraint, "UPDATE users SET phone_sealed = x'dd'").await;
    // The address is free again.
    run(&db, &user.replace("x'01'", "x'02'")).await.unwrap();
}

#[tokio::test]
async fn refuses_a_second_answer_under_one_key() {
    let (_directory, db) = migrated().await;
    let record = |user, status| {
        format!("INSERT INTO idempotency_records VALUES ({user}, x'6b', x'aa', {status}, NULL, x'', {NOW})")
    };
    run(&db, &record("x'01'", 201)).await.unwrap();
    refused_by(&db, "UNIQUE", &record("x'01'", 200)).await;
    refused_by(&db, "idempotency_records_status_in_bounds", &record("x'02'", 99)).await;
    run(&db, &record("x'02'", 201)).await.unwrap();
}

#[tokio::test]
async fn refuses_campaigns_whose_discount_does_not_hold_together() {
    let (_directory, db) = migrated().await;
    let campaign = |values: &str| format!("INSERT INTO campaigns VALUES ({values}, {NOW})");
    for values in [
        "x'01', 'A', 'FIXED', 1000, NULL, NULL, NULL, 'KRW', 'ALL'",
        "x'02', 'B', 'PERCENT', NULL, 10000, 500, 0, 'KRW', 'PRODUCTS'",
        "x'03', 'C', 'PERCENT', NULL, 1, NULL, NULL, NULL, 'ALL'",
    ] {
        run(&db, &campaign(values)).await.unwrap();
    }
    for values in [
        "x'04', 'D', 'FIXED', NULL, NULL, NULL, NULL, NULL, 'ALL'",
        "x'04', 'D', 'FIXED', 0, NULL, NULL, NULL, 'KRW', 'ALL'",
        "x'04', 'D', 'FIXED', 5, 10, NULL, NULL, 'KRW', 'ALL'",
        "x'04', 'D', 'FIXED', 5, NULL, 10, NULL, 'KRW', 'ALL'",
        "x'04', 'D', 'PERCENT', NULL, NULL, NULL, NULL, NULL, 'ALL'",
        "x'04', 'D', 'PERCENT', NULL, 0, NULL, NULL, NULL, 'ALL'",
        "x'04', 'D', 'PERCENT', NULL, 10001, NULL, NULL, NULL, 'ALL'",
        "x'04', 'D', 'PERCENT', 5, 10, NULL, NULL, 'KRW', 'ALL'",
        "x'04', 'D', 'PERCENT', NULL, 10, 0, NULL, 'KRW', 'ALL'",
        "x'04', 'D', 'GIFT', 5, NULL, NULL, NULL, 'KRW', 'ALL'",
    ] {
        refused_by(&db, "campaigns_discount_holds_together", &campaign(values)).await;
    }
    let of_currency = "campaigns_amounts_have_a_currency";
    refused_by(&db, of_currency, &campaign("x'04', 'D', 'FIXED', 5, NULL, NULL, NULL, NULL, 'ALL'")).await;
    refused_by(&db, of_currency, &campaign("x'04', 'D', 'PERCENT', NULL, 5, NULL, 1, NULL, 'ALL'")).await;
    refused_by(&db, of_currency, "UPDATE campaigns SET currency = 'KRW' WHERE id = x'03'").await;
    refused_by(
        &db,
        "campaigns_minimum_not_below_zero",
        "UPDATE campaigns SET minimum_order = -1 WHERE id = x'02'",
    )
    .await;
    refused_by(&db, "campaigns_scope_is_known", "UPDATE campaigns SET scope = 'SOME'").await;

    run(&db, "INSERT INTO campaign_products VALUES (x'02', x'0a'), (x'02', x'0b')").await.unwrap();
    refused_by(&db, "UNIQUE", "INSERT INTO campaign_products VALUES (x'02', x'0a')").await;
    refused_by(&db, "FOREIGN KEY", "INSERT INTO campaign_products VALUES (x'99', x'0a')").await;
    refused_by(&db, "FOREIGN KEY", "DELETE FROM campaigns WHERE id = x'02'").await;
}

#[tokio::test]
async fn refuses_to_hand_out_more_coupons_than_there_are() {
    let (_directory, db) = migrated().await;
    run(
        &db,
        &format!(
            "INSERT INTO campaigns VALUES (x'01', 'A', 'PERCENT', NULL, 1, NULL, NULL, NULL, 'ALL', {NOW})"
        ),
    )
    .await
    .unwrap();
    let allotment = "INSERT INTO campaign_allotments VALUES (x'01', 2, 0, 1, NULL, NULL, NULL, NULL, NULL)";
    refused_by(&db, "FOREIGN KEY", &allotment.replace("x'01'", "x'02'")).await;
    run(&db, allotment).await.unwrap();
    run(&db, "UPDATE campaign_allotments SET claimed = 2").await.unwrap();
    let claimed = "campaign_allotments_claimed_in_bounds";
    refused_by(&db, claimed, "UPDATE campaign_allotments SET claimed = 3").await;
    refused_by(&db, claimed, "UPDATE campaign_allotments SET claimed = -1").await;
    let limits = "campaign_allotments_limits_in_bounds";
    refused_by(&db, limits, "UPDATE campaign_allotments SET claimed = 0, total = 0").await;
    refused_by(&db, limits, "UPDATE campaign_allotments SET total = 1000000001").await;
    refused_by(&db, limits, "UPDATE campaign_allotments SET per_user = 0").await;
    refused_by(&db, limits, "UPDATE campaign_allotments SET per_user = 1000000001").await;
    let windows = "campaign_allotments_windows_hold_together";
    for what in ["claim", "valid"] {
        let set = format!("UPDATE campaign_allotments SET {what}_from = {NOW}, {what}_until = {NOW}");
        refused_by(&db, windows, &set).await;
    }
    let days = "campaign_allotments_days_or_dates";
    for wrong in ["valid_days = 0", "valid_days = 36501", &format!("valid_days = 1, valid_until = {NOW}")] {
        refused_by(&db, days, &format!("UPDATE campaign_allotments SET {wrong}")).await;
    }
    run(&db, "UPDATE campaign_allotments SET valid_days = 36500").await.unwrap();
}

#[tokio::test]
async fn refuses_a_second_coupon_in_one_place_and_half_a_use() {
    let (_directory, db) = migrated().await;
    let coupon = |id: &str, campaign: &str, user: &str, sequence: i64, nth: i64| {
        format!(
            "INSERT INTO issued_coupons VALUES \
             ({id}, {campaign}, {user}, {sequence}, {nth}, {NOW}, NULL, NULL, NULL, NULL, 1)"
        )
    };
    run(&db, &coupon("x'01'", "x'0a'", "x'0b'", 1, 1)).await.unwrap();
    refused_by(&db, "issued_coupons.sequence", &coupon("x'02'", "x'0a'", "x'0c'", 1, 1)).await;
    refused_by(&db, "issued_coupons.nth", &coupon("x'02'", "x'0a'", "x'0b'", 2, 1)).await;
    run(&db, &coupon("x'02'", "x'0a'", "x'0b'", 2, 2)).await.unwrap();
    run(&db, &coupon("x'03'", "x'0d'", "x'0b'", 1, 1)).await.unwrap();
    refused_by(&db, "issued_coupons_from_one", &coupon("x'04'", "x'0a'", "x'0c'", 0, 1)).await;
    refused_by(&db, "issued_coupons_from_one", &coupon("x'04'", "x'0a'", "x'0c'", 3, 0)).await;
    let half = "issued_coupons_use_holds_together";
    refused_by(&db, half, "UPDATE issued_coupons SET used_order_id = x'01'").await;
    refused_by(&db, half, &format!("UPDATE issued_coupons SET used_at = {NOW}")).await;
    run(&db, &format!("UPDATE issued_coupons SET used_order_id = x'01', used_at = {NOW}")).await.unwrap();
}

#[tokio::test]
async fn orders_from_before_coupons_have_none() {
    let (_directory, db) = migrated().await;
    let names = Migrator::migrations();
    let since = names.iter().rev().position(|change| change.name().ends_with("add_issued_coupon_to_orders"));
    let changes = u32::try_from(since.unwrap() + 1).unwrap();
    Migrator::down(&db, Some(changes)).await.unwrap();
    let order = format!(
        "INSERT INTO orders VALUES (x'01', x'02', 10, 0, 10, 'KRW', 'PENDING_PAYMENT', {NOW}, {NOW}, NULL, NULL, NULL, 1)"
    );
    run(&db, &order).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    run(&db, "UPDATE orders SET issued_coupon_id = x'01' WHERE issued_coupon_id IS NULL").await.unwrap();
    Migrator::down(&db, Some(changes)).await.unwrap();
    refused_by(&db, "orders_total_adds_up", "UPDATE orders SET total_amount = 9").await;
}
