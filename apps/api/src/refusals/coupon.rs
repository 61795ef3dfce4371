//! Coupons.

use jangteo_application::ClaimCouponRefusal;
use jangteo_coupon::ClaimRefusal;

use crate::problem::{Code, Problem};

/// Why a coupon was not issued.
pub(crate) fn cannot_claim(refusal: ClaimCouponRefusal) -> Problem {
    match refusal {
        ClaimCouponRefusal::CampaignNotFound => Problem::not_found(),
        ClaimCouponRefusal::Claim(ClaimRefusal::NotOpen) => Problem::plain(Code::ClaimNotOpen),
        ClaimCouponRefusal::Claim(ClaimRefusal::Closed) => Problem::plain(Code::ClaimClosed),
        ClaimCouponRefusal::Claim(ClaimRefusal::AlreadyClaimed) => Problem::plain(Code::CouponAlreadyClaimed),
        ClaimCouponRefusal::Claim(ClaimRefusal::SoldOut) => Problem::plain(Code::CouponSoldOut),
    }
}
