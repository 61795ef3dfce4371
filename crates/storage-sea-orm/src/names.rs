//! The names of enum values in the tables, in upper snake case.

use jangteo_order::OrderStatus;
use jangteo_payment::{PaymentEventKind, TenderMethod};
use jangteo_point::{PointEntryKind, PointLotKind};
use jangteo_product::ProductStatus;
use jangteo_refund::RefundMethod;
use jangteo_user::Role;

use crate::rows::coupons::{DiscountKind, ScopeKind};

/// An enum whose values have names in the tables.
pub(crate) trait Named: Sized {
    /// The name of a value.
    fn name(self) -> &'static str;

    /// The value of a name.
    fn named(name: &str) -> Option<Self>;
}

/// Both directions from one list. A value that the list lacks does not compile.
macro_rules! names {
    ($($kind:ident { $($value:ident = $name:literal,)+ })+) => {$(
        impl Named for $kind {
            fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$value),)+
                    _ => None,
                }
            }
        }
    )+};
}

names! {
    Role {
        Customer = "CUSTOMER",
        Admin = "ADMIN",
    }
    ProductStatus {
        OnSale = "ON_SALE",
        Suspended = "SUSPENDED",
        Discontinued = "DISCONTINUED",
    }
    OrderStatus {
        PendingPayment = "PENDING_PAYMENT",
        Paid = "PAID",
        Cancelled = "CANCELLED",
        Expired = "EXPIRED",
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        Refunded = "REFUNDED",
    }
    TenderMethod {
        Point = "POINT",
        Card = "CARD",
    }
    RefundMethod {
        Point = "POINT",
        Card = "CARD",
    }
    PaymentEventKind {
        Requested = "REQUESTED",
        Approved = "APPROVED",
        Failed = "FAILED",
        Unknown = "UNKNOWN",
        PartiallyRefunded = "PARTIALLY_REFUNDED",
        Refunded = "REFUNDED",
        Cancelled = "CANCELLED",
    }
    PointLotKind {
        Bonus = "BONUS",
        Charged = "CHARGED",
    }
    DiscountKind {
        Fixed = "FIXED",
        Percent = "PERCENT",
    }
    ScopeKind {
        All = "ALL",
        Products = "PRODUCTS",
    }
    PointEntryKind {
        Charged = "CHARGED",
        Granted = "GRANTED",
        Spent = "SPENT",
        Refunded = "REFUNDED",
        Expired = "EXPIRED",
    }
}
