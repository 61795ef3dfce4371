//! Orders.

use jangteo_application::{CancelOrderRefusal, CouponNotUsable, PlaceOrderRefusal};
use jangteo_coupon::UseRefusal;
use jangteo_order::CancelRefusal;
use jangteo_shared_kernel::{MoneyError, ProductId};

use crate::problem::{Code, Problem};

/// Why an order was not placed; `products` are those of the request, in its order.
pub(crate) fn cannot_place(refusal: PlaceOrderRefusal, products: &[ProductId]) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        PlaceOrderRefusal::UnknownProduct { product } => {
            let index = products.iter().position(|wanted| *wanted == product).unwrap_or_default();
            Problem::field(format!("/items/{index}/productId"), "there is no such product")
        }
        PlaceOrderRefusal::ProductNotOnSale { .. } => Problem::new(Code::ProductNotOnSale, detail),
        PlaceOrderRefusal::OutOfStock { .. } => Problem::new(Code::OutOfStock, detail),
        // Whether somebody else has such a coupon is told to nobody.
        PlaceOrderRefusal::CouponNotUsable(
            CouponNotUsable::Unknown | CouponNotUsable::Use(UseRefusal::NotOwned),
        ) => Problem::new(Code::CouponNotUsable, "there is no such coupon"),
        PlaceOrderRefusal::CouponNotUsable(
            reason @ (CouponNotUsable::Use(
                UseRefusal::AlreadyUsed | UseRefusal::NotYetValid | UseRefusal::Expired,
            )
            | CouponNotUsable::Discount(_)),
        ) => Problem::new(Code::CouponNotUsable, reason.to_string()),
        PlaceOrderRefusal::PriceChanged { .. } => Problem::new(Code::PriceChanged, detail),
        // A product from before the shop changed its currency.
        PlaceOrderRefusal::Amount(MoneyError::CurrencyMismatch(..)) => Problem::new(
            Code::ProductNotOnSale,
            "a product is priced in a currency that the shop does not trade in",
        ),
        // The bounds of prices and quantities leave no room for it.
        PlaceOrderRefusal::Amount(MoneyError::Overflow) => Problem::internal(&detail.into()),
    }
}

/// Why an order was not cancelled.
pub(crate) fn cannot_cancel(refusal: CancelOrderRefusal) -> Problem {
    match refusal {
        CancelOrderRefusal::OrderNotFound => Problem::not_found(),
        CancelOrderRefusal::NotCancellable(CancelRefusal) => Problem::plain(Code::OrderNotCancellable),
    }
}
