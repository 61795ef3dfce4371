//! Orders.

use jangteo_application::Answer;
use jangteo_order::{InvalidItems, MAX_LINES, Order, OrderLine, OrderStatus, RequestedItems};
use jangteo_shared_kernel::{IssuedCouponId, Money, ProductId, Quantity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::values::bytes;
use super::{Instant, MoneyBody};
use crate::call::{Body, Terms};
use crate::problem::Faults;

/// An order to place.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = PlaceOrder, example = json!({
    "items": [{ "productId": "01900000-0000-7000-8000-000000000001", "quantity": 2 }],
    "expectedTotal": { "amount": 24000, "currency": "KRW" },
}))]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object")]
pub(crate) struct PlaceOrderBody {
    /// 1 to 100 items. Items of the same product are merged.
    #[validate(length(min = 1, max = 100, message = "an order has 1 to 100 items"), nested)]
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<ItemBody>,
    /// The coupon to use.
    #[schema(format = Uuid)]
    issued_coupon_id: Option<String>,
    /// What the customer believes that the order costs. If it costs something else, it is not placed.
    expected_total: Option<MoneyBody>,
}

/// Units of a product.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[schema(as = OrderItemRequest)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "an object with productId and quantity")]
pub(crate) struct ItemBody {
    #[schema(format = Uuid)]
    product_id: String,
    /// 1 to 999.
    #[validate(range(min = 1, max = 999, message = "a line has 1 to 999 units"))]
    #[schema(minimum = 1, maximum = 999)]
    quantity: i64,
}

/// An order to place, as it is meant.
#[derive(Debug)]
pub(crate) struct MeantOrder {
    /// The products in the order of the request, for pointers.
    pub(crate) products: Vec<ProductId>,
    /// What is wanted.
    pub(crate) items: RequestedItems,
    /// The coupon to use.
    pub(crate) coupon: Option<IssuedCouponId>,
    /// What the customer believes that it costs.
    pub(crate) expected_total: Option<Money>,
}

impl Body for PlaceOrderBody {
    type Meaning = MeantOrder;

    fn read(self, terms: Terms, faults: &mut Faults) -> Option<MeantOrder> {
        let uuid = |_| "must be a UUID";
        let (mut products, mut wanted) = (Vec::new(), Vec::new());
        for (index, item) in self.items.iter().take(MAX_LINES).enumerate() {
            let product = item.product_id.parse::<ProductId>().map_err(uuid);
            let product = faults.check(format!("/items/{index}/productId"), product);
            let quantity =
                faults.check(format!("/items/{index}/quantity"), Quantity::try_from(item.quantity));
            if let (Some(product), Some(quantity)) = (product, quantity) {
                products.push(product);
                wanted.push((product, quantity));
            }
        }
        let complete = wanted.len() == self.items.len();
        let items = RequestedItems::new(wanted).map_err(|error| {
            let pointer = match error {
                InvalidItems::Count => "/items".to_owned(),
                InvalidItems::Quantity { index } => format!("/items/{index}/quantity"),
            };
            // With an item left out, the index is not that of the request, and the item's own fault is noted.
            if complete {
                faults.add(pointer, error.to_string());
            }
        });
        let coupon =
            self.issued_coupon_id.map(|id| faults.check("/issuedCouponId", id.parse().map_err(uuid)));
        let expected_total =
            self.expected_total.and_then(|total| total.read("/expectedTotal", terms, faults));
        Some(MeantOrder { products, items: items.ok()?, coupon: coupon.flatten(), expected_total })
    }
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = OrderStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OrderStatusBody {
    /// Waits for its payment.
    PendingPayment,
    /// Settled by a payment.
    Paid,
    /// Given up before it was paid.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Some units were refunded.
    PartiallyRefunded,
    /// All units were refunded.
    Refunded,
}

impl From<OrderStatus> for OrderStatusBody {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::PendingPayment => Self::PendingPayment,
            OrderStatus::Paid => Self::Paid,
            OrderStatus::Cancelled => Self::Cancelled,
            OrderStatus::Expired => Self::Expired,
            OrderStatus::PartiallyRefunded => Self::PartiallyRefunded,
            OrderStatus::Refunded => Self::Refunded,
        }
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    user_id: String,
    status: OrderStatusBody,
    items: Vec<LineBody>,
    /// Σ of price × quantity.
    gross: MoneyBody,
    discount: MoneyBody,
    /// What a payment has to settle: gross less discount.
    total: MoneyBody,
    /// The coupon that the discount comes from; it stays named here after it was given back.
    #[schema(required, format = Uuid)]
    issued_coupon_id: Option<String>,
    /// From then on it can no longer be paid.
    expires_at: Instant,
    created_at: Instant,
    #[schema(required)]
    paid_at: Option<Instant>,
    #[schema(required)]
    cancelled_at: Option<Instant>,
}

/// A line of an order. Name and price are those of the moment when it was placed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderItem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LineBody {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    product_id: String,
    product_name: String,
    unit_price: MoneyBody,
    quantity: u32,
    gross: MoneyBody,
    discount: MoneyBody,
    net: MoneyBody,
    refunded_quantity: u32,
}

impl From<&OrderLine> for LineBody {
    fn from(line: &OrderLine) -> Self {
        Self {
            id: line.id.to_string(),
            product_id: line.product.to_string(),
            product_name: line.product_name.clone(),
            unit_price: line.unit_price.into(),
            quantity: line.quantity.get(),
            gross: line.gross.into(),
            discount: line.discount.into(),
            net: line.net().into(),
            refunded_quantity: line.refunded.get(),
        }
    }
}

impl From<&Order> for OrderBody {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id.to_string(),
            user_id: order.user.to_string(),
            status: order.status().into(),
            items: order.lines.iter().map(Into::into).collect(),
            gross: order.gross.into(),
            discount: order.discount.into(),
            total: order.total().into(),
            issued_coupon_id: order.issued_coupon.map(|coupon| coupon.to_string()),
            expires_at: order.expires_at.into(),
            created_at: order.created_at.into(),
            paid_at: order.state.paid_at().map(Into::into),
            cancelled_at: order.state.cancelled_at().map(Into::into),
        }
    }
}

/// The answer to an order.
pub(crate) fn placed(order: &Order) -> Answer {
    let location = format!("/api/v1/orders/{}", order.id);
    Answer { status: 201, location: Some(location), body: bytes(&OrderBody::from(order)) }
}
