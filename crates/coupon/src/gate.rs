//! The gate in front of a claim storm.

use jangteo_shared_kernel::{CouponId, UserId};

use crate::{Allotment, ClaimRefusal, IssuedCoupon};

/// Keeps those away from the database who can get nothing there any more (ADR-019).
///
/// The database is the ledger, the gate is not: it may forget everything at any moment, and neither over- nor
/// under-issuing follows. So an implementation
/// - MUST say no only to what the database has confirmed, by [`ClaimGate::leave`] or by reading it again: that a campaign
///   is sold out after a commit with `claimed = total`, that a user is at the limit after that user's own commit. Neither
///   is ever undone, so a no can be remembered for good;
/// - MUST let everybody in when it cannot reach its own memory: claims then work through the database alone;
/// - MUST notice that its memory was lost, and start again from what [`CouponQueries::find_allotment`] says, never from
///   zero and never from its own counts;
/// - may count who is inside, and make others wait when there are at least as many as coupons are left. A full house
///   is never "sold out": those inside may still fail.
///
/// A caller
/// - checks [`Allotment::check_open`] before it asks: that a claim window is closed is told before anything else;
/// - looks for the stored answer to its request before it passes a no on, for a replay wins over any refusal;
/// - tells sold out only to a user who is not at the limit, which a gate need not know of each user;
/// - asks again when the house is full, and after a while goes to the database by [`ClaimGate::pass_by`], for nobody is
///   sent away while coupons are left;
/// - hands every pass back by [`ClaimGate::leave`], after its transaction has ended. A pass that is dropped (a killed
///   process) is a place that an implementation MUST win back by itself.
///
/// [`CouponQueries::find_allotment`]: crate::CouponQueries::find_allotment
pub trait ClaimGate: Send + Sync {
    /// A place among those who are inside.
    type Pass: Send;

    /// Asks for a way to the database.
    fn enter(&self, campaign: CouponId, user: UserId) -> impl Future<Output = Admission<Self::Pass>> + Send;

    /// A pass without a place, for a claim that goes to the database although nobody let it in: it has been told
    /// [`Admission::Full`] for long enough. It is handed back as any other, for its outcome is confirmed as well.
    fn pass_by(&self, campaign: CouponId, user: UserId) -> Self::Pass;

    /// Tells what came of it. The place is given back on anything but [`ClaimOutcome::Issued`]. A pass that a memory gave
    /// out which is lost since MUST NOT change the counts of the present one.
    fn leave(&self, pass: Self::Pass, outcome: ClaimOutcome) -> impl Future<Output = ()> + Send;
}

/// What a gate says to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission<Pass> {
    /// Go and ask the database.
    Inside(Pass),
    /// No: the database has confirmed [`ClaimRefusal::AlreadyClaimed`] for this user.
    AlreadyClaimed,
    /// No: the database has confirmed [`ClaimRefusal::SoldOut`].
    SoldOut,
    /// Neither yes nor no yet: as many are inside as coupons are left. Ask again shortly, or tell the customer to.
    Full,
}

impl<Pass> Admission<Pass> {
    /// The same with another pass.
    pub fn map<Other>(self, change: impl FnOnce(Pass) -> Other) -> Admission<Other> {
        match self {
            Self::Inside(pass) => Admission::Inside(change(pass)),
            Self::AlreadyClaimed => Admission::AlreadyClaimed,
            Self::SoldOut => Admission::SoldOut,
            Self::Full => Admission::Full,
        }
    }

    /// The no that stands for a refusal, if a gate may say no for it.
    #[must_use]
    pub fn refused(refusal: ClaimRefusal) -> Option<Self> {
        match refusal {
            ClaimRefusal::AlreadyClaimed => Some(Self::AlreadyClaimed),
            ClaimRefusal::SoldOut => Some(Self::SoldOut),
            ClaimRefusal::NotOpen | ClaimRefusal::Closed => None,
        }
    }
}

/// What came of a claim that a gate let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// A coupon was issued, and the commit is durable.
    Issued {
        /// The user is thereby at the limit.
        at_limit: bool,
        /// It was the last coupon.
        last: bool,
    },
    /// Refused on what is committed; what the refusal says is thereby confirmed.
    Refused(ClaimRefusal),
    /// Anything else: a fault, a lost answer, a claim that was given up. Nothing is confirmed.
    Undecided,
}

impl ClaimOutcome {
    /// That a coupon was issued from this allotment.
    #[must_use]
    pub fn issued(coupon: &IssuedCoupon, allotment: &Allotment) -> Self {
        Self::Issued {
            at_limit: coupon.nth >= allotment.per_user.get(),
            last: coupon.sequence >= allotment.total.get(),
        }
    }

    /// Whether the user is thereby known to be at the limit.
    #[must_use]
    pub const fn confirms_the_limit(self) -> bool {
        matches!(self, Self::Issued { at_limit: true, .. } | Self::Refused(ClaimRefusal::AlreadyClaimed))
    }

    /// Whether the campaign is thereby known to be sold out.
    #[must_use]
    pub const fn confirms_the_end(self) -> bool {
        matches!(self, Self::Issued { last: true, .. } | Self::Refused(ClaimRefusal::SoldOut))
    }
}

/// No gate at all: claims work through the database alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl ClaimGate for OpenGate {
    type Pass = ();

    async fn enter(&self, _: CouponId, _: UserId) -> Admission<()> {
        Admission::Inside(())
    }

    fn pass_by(&self, _: CouponId, _: UserId) {}

    async fn leave(&self, (): (), _: ClaimOutcome) {}
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use jangteo_shared_kernel::{Currency, Id, Quantity, Timestamp};

    use super::*;
    use crate::draft::tests::draft;
    use crate::{Campaign, CampaignDraft, NewCampaign};

    fn id<K>(n: u32) -> Id<K> {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    #[test]
    fn an_issued_coupon_confirms_the_limit_and_the_end() {
        let two = Quantity::new(2).unwrap();
        let draft = CampaignDraft { per_user: two, ..draft(3) };
        let new = NewCampaign::check(draft, Currency::KRW).unwrap();
        let mut allotment = Campaign::create(id(1), new, Timestamp::UNIX_EPOCH).allotment;
        let mut claim = |user, held: u32| {
            let held = Quantity::new(held).unwrap();
            let coupon = allotment.claim(id(2), id(user), held, Timestamp::UNIX_EPOCH).unwrap();
            ClaimOutcome::issued(&coupon, &allotment)
        };
        assert_eq!(claim(10, 0), ClaimOutcome::Issued { at_limit: false, last: false });
        assert_eq!(claim(10, 1), ClaimOutcome::Issued { at_limit: true, last: false });
        assert_eq!(claim(11, 0), ClaimOutcome::Issued { at_limit: false, last: true });
    }

    #[test]
    fn only_what_the_database_said_confirms_something() {
        use ClaimOutcome::{Issued, Refused, Undecided};
        let confirms = |outcome: ClaimOutcome| (outcome.confirms_the_limit(), outcome.confirms_the_end());
        for (outcome, confirmed) in [
            (Issued { at_limit: false, last: false }, (false, false)),
            (Issued { at_limit: true, last: false }, (true, false)),
            (Issued { at_limit: false, last: true }, (false, true)),
            (Issued { at_limit: true, last: true }, (true, true)),
            (Refused(ClaimRefusal::AlreadyClaimed), (true, false)),
            (Refused(ClaimRefusal::SoldOut), (false, true)),
            (Refused(ClaimRefusal::NotOpen), (false, false)),
            (Refused(ClaimRefusal::Closed), (false, false)),
            (Undecided, (false, false)),
        ] {
            assert_eq!(confirms(outcome), confirmed, "{outcome:?}");
        }
    }

    #[test]
    fn an_open_gate_lets_everybody_in() {
        let mut context = Context::from_waker(Waker::noop());
        let entering = pin!(OpenGate.enter(id(1), id(2)));
        assert_eq!(entering.poll(&mut context), Poll::Ready(Admission::Inside(())));
        let leaving = pin!(OpenGate.leave((), ClaimOutcome::Refused(ClaimRefusal::SoldOut)));
        assert_eq!(leaving.poll(&mut context), Poll::Ready(()));
    }
}
