//! Points.

use jangteo_application::{ChargePointsRefusal, GrantPointsRefusal};
use jangteo_point::{ChargeRefusal, GrantRefusal};

use crate::problem::{Code, Problem};

/// Why points were not charged.
pub(crate) fn cannot_charge(refusal: ChargePointsRefusal) -> Problem {
    match refusal {
        ChargePointsRefusal::AccountNotFound => Problem::not_found(),
        ChargePointsRefusal::Charge(refusal @ ChargeRefusal::AmountOutOfRange { .. }) => {
            Problem::field("/amount/amount", refusal.to_string())
        }
        ChargePointsRefusal::Charge(refusal @ ChargeRefusal::LimitExceeded { .. }) => {
            Problem::new(Code::PointLimitExceeded, refusal.to_string())
        }
    }
}

/// Why points were not granted.
pub(crate) fn cannot_grant(refusal: GrantPointsRefusal) -> Problem {
    match refusal {
        GrantPointsRefusal::AccountNotFound => Problem::not_found(),
        GrantPointsRefusal::Grant(refusal @ GrantRefusal::NotPositive) => {
            Problem::field("/amount/amount", refusal.to_string())
        }
        GrantPointsRefusal::Grant(refusal @ GrantRefusal::AlreadyExpired) => {
            Problem::field("/expiresAt", refusal.to_string())
        }
        GrantPointsRefusal::Grant(refusal @ GrantRefusal::LimitExceeded { .. }) => {
            Problem::new(Code::PointLimitExceeded, refusal.to_string())
        }
    }
}
