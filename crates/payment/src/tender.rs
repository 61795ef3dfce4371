//! What a payment is made with.

use jangteo_shared_kernel::{AllocationError, Money, OrderLineId, allocate};

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum TenderMethod {
    /// With points of the customer's account.
    Point,
    /// With a card, through a gateway.
    Card,
}

/// One way that a payment is made, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Which way.
    pub method: TenderMethod,
    /// How much.
    pub amount: Money,
    /// How much of that was given back.
    pub refunded: Money,
    /// What it paid for each line, by line number.
    pub shares: Vec<TenderShare>,
}

/// What a tender paid for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenderShare {
    /// Which line.
    pub line: OrderLineId,
    /// How much.
    pub amount: Money,
}

/// A tender as a customer asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedTender {
    /// Which way to pay.
    pub method: TenderMethod,
    /// How much; above zero.
    pub amount: Money,
}

/// How a customer wants to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedTenders {
    /// Whatever the order costs, with points.
    AllPoints,
    /// With these, checked by [`RequestedTenders::these`].
    These(Vec<RequestedTender>),
}

/// Why a list of tenders is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTenders {
    /// The list is empty.
    #[error("name at least one tender, or leave the list out to pay with points")]
    Empty,
    /// A method is named twice.
    #[error("at most one tender a method")]
    Repeated {
        /// Which of the tenders, from 0.
        index: usize,
    },
    /// An amount is not above zero.
    #[error("a tender's amount is above zero")]
    Amount {
        /// Which of the tenders, from 0.
        index: usize,
    },
}

impl RequestedTenders {
    /// Exactly these tenders: at least one, at most one a method, each above zero.
    pub fn these(tenders: Vec<RequestedTender>) -> Result<Self, InvalidTenders> {
        if tenders.is_empty() {
            return Err(InvalidTenders::Empty);
        }
        for (index, tender) in tenders.iter().enumerate() {
            if tenders[..index].iter().any(|earlier| earlier.method == tender.method) {
                return Err(InvalidTenders::Repeated { index });
            }
            if tender.amount.amount() <= 0 {
                return Err(InvalidTenders::Amount { index });
            }
        }
        Ok(Self::These(tenders))
    }
}

/// Shares the tenders out over the lines: points by largest remainder with the net as weight, card the rest of each
/// line. `tenders` add up to the sum of the nets.
pub(crate) fn share_out(
    tenders: &mut [Tender],
    lines: &[(OrderLineId, Money)],
) -> Result<(), AllocationError> {
    let mut rest: Vec<Money> = lines.iter().map(|&(_, net)| net).collect();
    // Points first, whatever the order of the request; the last tender's allocation over the rests is the rests.
    let mut by_method: Vec<&mut Tender> = tenders.iter_mut().collect();
    by_method.sort_by_key(|tender| tender.method);
    for tender in by_method {
        let shares = allocate(tender.amount, &rest)?;
        for (left, share) in rest.iter_mut().zip(&shares) {
            *left = left.minus(*share)?;
        }
        tender.shares =
            lines.iter().zip(shares).map(|(&(line, _), amount)| TenderShare { line, amount }).collect();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;
    use proptest::prelude::*;

    use super::TenderMethod::{Card, Point};
    use super::*;

    fn krw(amount: i64) -> Money {
        Money::new(amount, Currency::KRW)
    }

    fn line(n: usize) -> OrderLineId {
        format!("01900000-0000-7000-8000-{n:012x}").parse().unwrap()
    }

    fn tender(method: TenderMethod, amount: i64) -> Tender {
        Tender { method, amount: krw(amount), refunded: krw(0), shares: Vec::new() }
    }

    #[test]
    fn refuses_no_tender_two_of_a_kind_and_nothing() {
        let asked = |method, amount| RequestedTender { method, amount: krw(amount) };
        assert_eq!(RequestedTenders::these(vec![]), Err(InvalidTenders::Empty));
        assert_eq!(
            RequestedTenders::these(vec![asked(Point, 1), asked(Card, 1), asked(Point, 2)]),
            Err(InvalidTenders::Repeated { index: 2 })
        );
        for amount in [0, -1, i64::MIN] {
            assert_eq!(
                RequestedTenders::these(vec![asked(Point, amount)]),
                Err(InvalidTenders::Amount { index: 0 })
            );
        }
    }

    #[test]
    fn card_pays_the_rest_of_each_line() {
        let mut tenders = [tender(Card, 7_001), tender(Point, 3_000)];
        share_out(&mut tenders, &[(line(1), krw(6_000)), (line(2), krw(4_000)), (line(3), krw(1))]).unwrap();
        let amounts =
            |tender: &Tender| tender.shares.iter().map(|share| share.amount.amount()).collect::<Vec<_>>();
        assert_eq!(amounts(&tenders[1]), [1_800, 1_200, 0]);
        assert_eq!(amounts(&tenders[0]), [4_200, 2_800, 1]);
    }

    proptest! {
        #[test]
        fn shares_add_up_both_ways(nets in prop::collection::vec(0_i64..=1_000_000_000_000, 1..100), points in 0_u64..=u64::MAX) {
            let total: i64 = nets.iter().sum();
            let by_points = i64::try_from(u128::from(points) * u128::try_from(total).unwrap() / u128::from(u64::MAX)).unwrap();
            let mut tenders = [tender(Point, by_points), tender(Card, total - by_points)];
            let lines: Vec<_> = nets.iter().enumerate().map(|(n, &net)| (line(n), krw(net))).collect();
            share_out(&mut tenders, &lines).unwrap();
            for tender in &tenders {
                prop_assert_eq!(tender.shares.iter().map(|share| share.amount.amount()).sum::<i64>(), tender.amount.amount());
            }
            for (n, net) in nets.iter().enumerate() {
                prop_assert_eq!(tenders.iter().map(|tender| tender.shares[n].amount.amount()).sum::<i64>(), *net);
                prop_assert!(tenders.iter().all(|tender| !tender.shares[n].amount.is_negative()));
            }
        }
    }
}
