//! The model: what a shop does, in whole numbers, written without the domain crates.

mod coupons;
mod orders;
mod points;
mod refunds;

use coupons::Coupon;
pub(super) use orders::Order;
use points::Lot;
use proptest::strategy::{BoxedStrategy, Just, Strategy};
use proptest_state_machine::ReferenceStateMachine;

use super::opening::{self, CAMPAIGNS, PRICES, STOCK, USERS};
use super::steps;
use super::{Answered, Figures, Step};

/// Why not, as a code.
pub(super) type Refused = &'static str;

/// A shop.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    /// Seconds since the shop has opened.
    pub(super) now: i64,
    pub(super) products: Vec<Product>,
    pub(super) users: Vec<User>,
    /// Of each campaign.
    claimed: Vec<u32>,
    pub(super) coupons: Vec<Coupon>,
    pub(super) orders: Vec<Order>,
    /// What was sent under a key, and whether it has taken effect.
    pub(super) requests: Vec<(Step, bool)>,
    /// The answer to the last step.
    pub(super) answered: Answered,
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) price: i64,
    pub(super) stock: i64,
    pub(super) on_sale: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub(super) gone: bool,
    pub(super) lots: Vec<Lot>,
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let open = opening::first_steps().fold(Self::open(), |open, step| Self::apply(open, &step));
        Just(open).boxed()
    }

    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        steps::after(state)
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.now += step.seconds();
        if let Step::Repeat { request } = step {
            state.answered = state.repeat(*request);
            return state;
        }
        state.answered = state.decide(step);
        if step.has_key() {
            state.requests.push((step.clone(), state.answered == Answered::Done));
        }
        state
    }

    fn preconditions(state: &Self, step: &Step) -> bool {
        let there = match step {
            Step::Repeat { request } => {
                return state.requests.get(*request).is_some_and(|(step, _)| state.is_there(step.user()));
            }
            Step::Pay { order, .. }
            | Step::Cancel { order, .. }
            | Step::Refund { order, .. }
            | Step::CancelPayment { order, .. } => *order < state.orders.len(),
            Step::Place { coupon: Some(coupon), .. } => *coupon < state.coupons.len(),
            // Somebody stays.
            Step::Delete { user } => *user > 0,
            _ => true,
        };
        there && state.is_there(step.user())
    }
}

impl Reference {
    fn open() -> Self {
        Self {
            now: 0,
            products: PRICES.map(|price| Product { price, stock: STOCK, on_sale: true }).to_vec(),
            users: vec![User::default(); USERS],
            claimed: vec![0; CAMPAIGNS.len()],
            coupons: Vec::new(),
            orders: Vec::new(),
            requests: Vec::new(),
            answered: Answered::Done,
        }
    }

    /// Whether it is nobody's or somebody's who has an account. Others do not get past the door.
    fn is_there(&self, user: Option<usize>) -> bool {
        user.is_none_or(|user| !self.users[user].gone)
    }

    fn repeat(&mut self, request: usize) -> Answered {
        let (step, done) = self.requests[request].clone();
        if done {
            return Answered::Replayed;
        }
        let answered = self.decide(&step);
        self.requests[request].1 = answered == Answered::Done;
        answered
    }

    fn decide(&mut self, step: &Step) -> Answered {
        let decided = match step {
            Step::Charge { user, amount } => self.charge(*user, *amount),
            Step::Grant { user, amount, until } => self.grant(*user, *amount, *until),
            Step::Claim { user, campaign } => self.claim(*user, *campaign),
            Step::Place { user, items, coupon, expected } => self.place(*user, items, *coupon, *expected),
            Step::Pay { user, order, points } => self.pay(*user, *order, *points),
            Step::Cancel { user, order } => self.cancel(*user, *order),
            Step::Refund { by, order, units } => self.refund(*by, *order, units.as_deref()),
            Step::CancelPayment { by, order } => self.cancel_payment(*by, *order),
            Step::Adjust { product, delta } => self.adjust(*product, *delta),
            Step::Edit { product, price, on_sale } => {
                let product = &mut self.products[*product];
                (product.price, product.on_sale) = (*price, *on_sale);
                Ok(())
            }
            Step::Delete { user } => {
                self.delete(*user);
                Ok(())
            }
            Step::Wait { .. } | Step::Repeat { .. } => Ok(()),
            Step::ExpirePoints => {
                self.expire_points();
                Ok(())
            }
            Step::ExpireOrders => return Answered::Counted(self.expire_orders()),
        };
        decided.map_or_else(Answered::Refused, |()| Answered::Done)
    }

    fn adjust(&mut self, product: usize, delta: i64) -> Result<(), Refused> {
        let stock = &mut self.products[product].stock;
        match *stock + delta {
            0.. => {
                *stock += delta;
                Ok(())
            }
            _ => Err("out-of-stock"),
        }
    }

    fn delete(&mut self, user: usize) {
        self.users[user].gone = true;
        self.users[user].lots.iter_mut().for_each(|lot| lot.left = 0);
        self.cancel_all_of(user);
    }

    /// What one should read in the shop now.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            stock: self.products.iter().map(|product| product.stock).collect(),
            points: self.users.iter().map(|user| self.points(user)).collect(),
            orders: self.orders.iter().map(Order::figures).collect(),
            coupons: self.coupons.iter().map(|coupon| coupon.figures(self.now)).collect(),
            claimed: self.claimed.clone(),
        }
    }
}
