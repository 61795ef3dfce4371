//! One SeaORM entity a table, and two that are a part of one. They are also what the set-wise statements are made from: names,
//! kinds and keys of columns stand here and in the migrations, and nowhere else.

pub(crate) mod campaign_allotments;
pub(crate) mod campaign_products;
pub(crate) mod campaigns;
pub(crate) mod daily_sales;
pub(crate) mod idempotency_records;
pub(crate) mod issued_coupons;
pub(crate) mod leases;
pub(crate) mod order_lines;
pub(crate) mod orders;
pub(crate) mod outbox;
pub(crate) mod payment_events;
pub(crate) mod payment_shares;
pub(crate) mod payment_summaries;
pub(crate) mod payment_tenders;
pub(crate) mod payments;
pub(crate) mod point_accounts;
pub(crate) mod point_history;
pub(crate) mod point_lot_movements;
pub(crate) mod point_lots;
pub(crate) mod product_stock;
pub(crate) mod products;
pub(crate) mod refresh_families;
pub(crate) mod refund_items;
pub(crate) mod refund_shares;
pub(crate) mod refunds;
pub(crate) mod sealed_users;
pub(crate) mod standing_families;
pub(crate) mod stock_adjustments;
pub(crate) mod uncounted_sales;
pub(crate) mod users;
