//! The routes, by context.

mod admin;
mod audit;
mod auth;
mod coupons;
mod me;
mod orders;
mod payments;
mod plain;
mod points;
mod popular;
mod products;
mod refunds;
mod stock;
pub(crate) mod table;

use table::Table;

/// Every route of the server that the document describes.
pub(crate) fn all() -> Table {
    let mut table = Table::default();
    me::enter(&mut table);
    auth::enter(&mut table);
    products::enter(&mut table);
    popular::enter(&mut table);
    stock::enter(&mut table);
    points::enter(&mut table);
    coupons::enter(&mut table);
    orders::enter(&mut table);
    payments::enter(&mut table);
    refunds::enter(&mut table);
    admin::enter(&mut table);
    audit::enter(&mut table);
    crate::health::enter(&mut table);
    crate::metrics::enter(&mut table);
    crate::problem::enter(&mut table);
    table
}
