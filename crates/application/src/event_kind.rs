//! The kinds of events, each documented in `docs/events.md`.

/// One list of all kinds with their names. A kind that is not in it cannot be told.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name in storages: the aggregate, then what became of it. The name of a kind whose data has changed
            /// its shape ends in `.v2` and so on; that of the first shape has no such end.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// Somebody signed up.
    UserRegistered = "user.registered",
    /// An account was deleted.
    UserDeleted = "user.deleted",
    /// A product came into the catalogue.
    ProductCreated = "product.created",
    /// An operator edited a product.
    ProductEdited = "product.edited",
    /// An operator corrected a stock.
    ProductStockAdjusted = "product.stock-adjusted",
    /// A coupon campaign was made.
    CouponCreated = "coupon.created",
    /// A coupon of a campaign was claimed.
    CouponClaimed = "coupon.claimed",
    /// An order was placed.
    OrderPlaced = "order.placed",
    /// An order was paid in full.
    OrderPaid = "order.paid",
    /// An unpaid order was given up.
    OrderCancelled = "order.cancelled",
    /// An order was not paid in time.
    OrderExpired = "order.expired",
    /// Units of an order were refunded.
    OrderRefunded = "order.refunded",
    /// A payment has settled its order.
    PaymentCompleted = "payment.completed",
    /// Something of a payment was given back.
    PaymentRefunded = "payment.refunded",
    /// A payment was cancelled.
    PaymentCancelled = "payment.cancelled",
    /// Points were charged.
    PointCharged = "point.charged",
    /// Points were granted.
    PointGranted = "point.granted",
    /// Points were spent.
    PointSpent = "point.spent",
    /// Points were given back.
    PointRefunded = "point.refunded",
    /// Points have expired, or were written off.
    PointExpired = "point.expired",
}
