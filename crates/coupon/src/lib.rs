//! The coupon context: campaigns, claims, and the coupons in the hands of users (ADR-006).
//!
//! # Language
//! A [`Campaign`] hands coupons out. Its [`CouponTerms`] say what a coupon takes off and where, and never change. Its
//! [`Allotment`] says how many there are, who may have one and when, and counts those handed out. A *claim* asks for one,
//! first come, first served; what comes of it is an [`IssuedCoupon`] with its place in the campaign, its *sequence*.
//!
//! ```text
//! campaign:  SCHEDULED ──▶ OPEN ──▶ SOLD_OUT ──▶ CLOSED
//! coupon:    ISSUED ──order placed──▶ USED ──order cancelled, expired or refunded in full──▶ ISSUED
//!               └──────time──────▶ EXPIRED
//! ```
//!
//! Both are derived from the time that is passed in; no job writes them.
//!
//! # Invariants
//! - Exactly as many coupons as the campaign has are issued: never more, and never fewer while people still ask. Their
//!   sequences are 1 to that number, without gaps, for a claim is decided under the lock of its campaign (ADR-019).
//! - Nobody gets more than the limit for each user, and hearing so wins over hearing that a campaign is sold out.
//! - A coupon is used for at most one order at a time, and only that order gives it back.
//! - When a coupon is valid is frozen with the claim. One that is given back after its time has expired.
//! - A [`ClaimGate`] says *no* only to what the database has confirmed.
//!
//! How much a coupon takes off an order is the order's to compute (ADR-005); it is given the terms.
//!
//! ```
//! use jangteo_coupon::{
//!     Campaign, CampaignDraft, CampaignState, ClaimRefusal, CouponDiscount, CouponScope, CouponStatus, NewCampaign,
//! };
//! use jangteo_shared_kernel::{Currency, Money, Quantity, Timestamp};
//!
//! let now: Timestamp = "2026-11-22T00:00:00Z".parse()?;
//! let draft = CampaignDraft {
//!     valid_days: Some(7),
//!     ..CampaignDraft::new(
//!         "첫 구매 쿠폰".parse()?,
//!         CouponDiscount::Fixed(Money::new(1_000, Currency::KRW)),
//!         CouponScope::All,
//!         Quantity::ONE,
//!     )
//! };
//! let new = NewCampaign::check(draft, Currency::KRW)?;
//! let mut campaign = Campaign::create("01900000-0000-7000-8000-000000000001".parse()?, new, now);
//! assert_eq!(campaign.allotment.state(now), CampaignState::Open);
//!
//! let (id, user) = ("01900000-0000-7000-8000-000000000002".parse()?, "01900000-0000-7000-8000-000000000003".parse()?);
//! let coupon = campaign.allotment.claim(id, user, Quantity::ZERO, now)?;
//! assert_eq!((coupon.sequence, coupon.status(now)), (1, CouponStatus::Issued));
//! assert_eq!(coupon.status(now + chrono::TimeDelta::days(7)), CouponStatus::Expired);
//!
//! assert_eq!(campaign.allotment.claim(id, user, Quantity::ONE, now), Err(ClaimRefusal::AlreadyClaimed));
//! assert_eq!(campaign.allotment.state(now), CampaignState::SoldOut);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(missing_docs)]

mod allotment;
mod campaign;
mod claim;
mod draft;
mod gate;
mod issued;
mod name;
mod repository;
mod terms;
mod validity;

pub use allotment::{Allotment, CampaignState};
pub use campaign::Campaign;
pub use claim::ClaimRefusal;
pub use draft::{CampaignDraft, CampaignFault, InvalidCampaign, MAX_COUPONS, NewCampaign};
pub use gate::{Admission, ClaimGate, ClaimOutcome, OpenGate};
pub use issued::{CouponStatus, CouponUse, GiveBackRefusal, IssuedCoupon, UseRefusal};
pub use name::{CampaignName, InvalidCampaignName};
pub use repository::{
    Allotments, CampaignPosition, CampaignRepository, Claimant, CouponQueries, IssuedCouponFilter,
    IssuedCouponPosition, IssuedCouponRepository, IssuedCoupons,
};
pub use terms::{CouponDiscount, CouponScope, CouponTerms, MAX_SCOPE_PRODUCTS};
pub use validity::{MAX_VALID_DAYS, Validity};
