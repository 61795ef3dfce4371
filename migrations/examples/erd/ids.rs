//! Columns that name a row of another table without a foreign key (ADR-013). The schema does not tell which; their names do.

use crate::schema::{Column, Table};

/// How such a column ends, and the table whose rows it names. The first that fits counts.
const ENDS: [(&str, &str); 7] = [
    ("issued_coupon_id", "issued_coupons"),
    ("campaign_id", "campaigns"),
    ("order_id", "orders"),
    ("line_id", "order_lines"),
    ("payment_id", "payments"),
    ("product_id", "products"),
    ("user_id", "users"),
];

/// The table whose rows a column names, if it names any and has no foreign key.
pub(crate) fn named_by(table: &Table, column: &Column) -> Result<Option<&'static str>, String> {
    let refers = table.references.iter().any(|reference| reference.column == column.name);
    if refers || !column.name.ends_with("_id") {
        return Ok(None);
    }
    let named = ENDS.iter().find(|(end, _)| column.name.ends_with(end)).map(|(_, named)| *named);
    named
        .map(Some)
        .ok_or_else(|| format!("migrations/examples/erd/ids.rs does not tell what {} names", column.name))
}
