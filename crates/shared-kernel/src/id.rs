//! Typed identifiers.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use uuid::Uuid;

use crate::{Entropy, Timestamp};

/// What an [`Id`] can point to. These types have no values; they only keep ids of different things apart.
pub mod kind {
    /// An account of a person.
    #[derive(Debug)]
    pub enum User {}
    /// A log-in and the refresh tokens that descend from it.
    #[derive(Debug)]
    pub enum RefreshFamily {}
    /// A product of the catalogue.
    #[derive(Debug)]
    pub enum Product {}
    /// A correction of a product's stock.
    #[derive(Debug)]
    pub enum StockAdjustment {}
    /// An order.
    #[derive(Debug)]
    pub enum Order {}
    /// A line of an order.
    #[derive(Debug)]
    pub enum OrderLine {}
    /// A payment.
    #[derive(Debug)]
    pub enum Payment {}
    /// Points that came in together and expire together.
    #[derive(Debug)]
    pub enum PointLot {}
    /// One entry of a point account's history.
    #[derive(Debug)]
    pub enum PointHistory {}
    /// A campaign that hands out coupons.
    #[derive(Debug)]
    pub enum Coupon {}
    /// A coupon in the hands of a user.
    #[derive(Debug)]
    pub enum IssuedCoupon {}
    /// A refund of a payment, or of a part of it.
    #[derive(Debug)]
    pub enum Refund {}
    /// Something that happened, as told to the outside.
    #[derive(Debug)]
    pub enum Event {}
}

/// Names a user.
pub type UserId = Id<kind::User>;
/// Names a log-in with its descendant refresh tokens.
pub type RefreshFamilyId = Id<kind::RefreshFamily>;
/// Names a product.
pub type ProductId = Id<kind::Product>;
/// Names a stock adjustment.
pub type StockAdjustmentId = Id<kind::StockAdjustment>;
/// Names an order.
pub type OrderId = Id<kind::Order>;
/// Names a line of an order.
pub type OrderLineId = Id<kind::OrderLine>;
/// Names a payment.
pub type PaymentId = Id<kind::Payment>;
/// Names a lot of points.
pub type PointLotId = Id<kind::PointLot>;
/// Names an entry of a point history.
pub type PointHistoryId = Id<kind::PointHistory>;
/// Names a campaign that hands out coupons.
pub type CouponId = Id<kind::Coupon>;
/// Names a coupon in the hands of a user.
pub type IssuedCouponId = Id<kind::IssuedCoupon>;
/// Names a refund.
pub type RefundId = Id<kind::Refund>;
/// Names an event.
pub type EventId = Id<kind::Event>;

/// A UUID that names a thing of kind `K`; by default version 7, so that ids sort by the time of their making
/// and tell nobody how many there are (ADR-011).
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

impl<K> Id<K> {
    /// A new UUIDv7 from the time and the entropy that are passed in.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// An id that was made before, of any version.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The UUID.
    #[must_use]
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K> FromStr for Id<K> {
    type Err = InvalidId;

    /// Reads the hyphenated form only, in either case.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(InvalidId);
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| InvalidId)
    }
}

#[cfg(feature = "serde")]
impl<K> serde::Serialize for Id<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de, K> serde::Deserialize<'de> for Id<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    struct Same(u8);

    impl Entropy for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_later_id_sorts_after_an_earlier_one() {
        let at = |millis| Utc.timestamp_millis_opt(millis).unwrap();
        let earlier = OrderId::generate(at(1_700_000_000_000), &Same(0xff));
        let later = OrderId::generate(at(1_700_000_000_001), &Same(0x00));
        assert!(earlier < later);
        assert_eq!(later.as_uuid().get_version_num(), 7);
    }

    #[test]
    fn reads_back_what_it_prints_and_nothing_looser() {
        let id = UserId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "1", "01900000000070008000000000000001", "{01900000-0000-7000-8000-000000000001}"] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
    }
}
