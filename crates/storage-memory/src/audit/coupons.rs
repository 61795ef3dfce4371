//! Coupons: what campaigns say of them, and what orders do.

use jangteo_coupon::IssuedCoupon;
use jangteo_order::{Order, OrderStatus};

use super::Book;
use crate::state::State;

pub(super) fn enter(book: &mut Book, state: &State) {
    let issued = || state.issued_coupons.values();
    let allotments = || state.campaigns.values().map(|campaign| &campaign.allotment);

    book.enter("coupons-issued-are-claimed", "issued", issued().map(|coupon| (coupon.campaign, 1)));
    let claimed = allotments().map(|allotment| (allotment.campaign, allotment.claimed.get()));
    book.enter("coupons-issued-are-claimed", "claimed", claimed);

    let due = |claimed: u32| i128::from(claimed) * (i128::from(claimed) + 1) / 2;
    let due = allotments().map(|allotment| (allotment.campaign, due(allotment.claimed.get())));
    book.enter("coupon-sequences-have-no-gaps", "due", due);
    let numbers = issued().map(|coupon| (coupon.campaign, coupon.sequence));
    book.enter("coupon-sequences-have-no-gaps", "numbers", numbers);

    book.enter(
        "campaign-keeps-its-quantity",
        "campaigns",
        allotments().map(|allotment| (allotment.campaign, 1)),
    );
    let within = allotments().filter(|allotment| allotment.claimed <= allotment.total);
    book.enter("campaign-keeps-its-quantity", "within", within.map(|allotment| (allotment.campaign, 1)));

    let standing = |order: &&Order| {
        use OrderStatus::{Paid, PartiallyRefunded, PendingPayment};
        matches!(order.status(), PendingPayment | Paid | PartiallyRefunded)
    };
    let orders = state.orders.values().filter(standing).filter_map(|order| order.issued_coupon);
    book.enter("order-uses-its-coupon", "orders", orders.map(|coupon| (coupon, 1)));
    let by_its_order = |coupon: &&IssuedCoupon| {
        let order = coupon.used.and_then(|used| state.orders.get(&used.order)).filter(standing);
        order.is_some_and(|order| order.issued_coupon == Some(coupon.id))
    };
    let used = || issued().filter(by_its_order).map(|coupon| (coupon.id, 1));
    book.enter("order-uses-its-coupon", "used", used());
    let all_used = issued().filter(|coupon| coupon.used.is_some()).map(|coupon| (coupon.id, 1));
    book.enter("used-coupon-names-its-order", "coupons", all_used);
    book.enter("used-coupon-names-its-order", "named", used());
}
