//! What can happen in a shop. Users, products and the rest are known by their numbers, in the order of coming in.

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Charge {
        user: usize,
        amount: i64,
    },
    Grant {
        user: usize,
        amount: i64,
        until: i64,
    },
    Claim {
        user: usize,
        campaign: usize,
    },
    Place {
        user: usize,
        items: Vec<(usize, u32)>,
        coupon: Option<usize>,
        expected: Option<i64>,
    },
    Pay {
        user: usize,
        order: usize,
        points: Option<i64>,
    },
    Cancel {
        user: usize,
        order: usize,
    },
    /// Wants something of an order's payment back.
    Refund {
        by: By,
        order: usize,
        /// `None` is everything that is left.
        units: Option<Vec<Units>>,
    },
    CancelPayment {
        by: By,
        order: usize,
    },
    Adjust {
        product: usize,
        delta: i64,
    },
    Edit {
        product: usize,
        price: i64,
        on_sale: bool,
    },
    Delete {
        user: usize,
    },
    /// A request that had a key, sent once more under it.
    Repeat {
        request: usize,
    },
    Wait {
        seconds: i64,
    },
    ExpireOrders,
    ExpirePoints,
}

/// Who wants something that administrators may do, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    User(usize),
    Admin,
}

/// Units of a line that somebody wants to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Units {
    /// The number of the line in its order, or one that it does not have.
    pub(super) line: usize,
    pub(super) quantity: u32,
    pub(super) restock: bool,
}

/// What an operation is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    Done,
    /// With the code of the refusal.
    Refused(&'static str),
    /// With the first answer.
    Replayed,
    /// With how many things it has changed.
    Counted(u64),
}

impl Step {
    /// Whose account it needs.
    pub(super) const fn user(&self) -> Option<usize> {
        match self {
            Self::Charge { user, .. }
            | Self::Grant { user, .. }
            | Self::Claim { user, .. }
            | Self::Place { user, .. }
            | Self::Pay { user, .. }
            | Self::Cancel { user, .. }
            | Self::Refund { by: By::User(user), .. }
            | Self::CancelPayment { by: By::User(user), .. }
            | Self::Delete { user } => Some(*user),
            Self::Refund { by: By::Admin, .. }
            | Self::CancelPayment { by: By::Admin, .. }
            | Self::Adjust { .. }
            | Self::Edit { .. }
            | Self::Repeat { .. }
            | Self::Wait { .. }
            | Self::ExpireOrders
            | Self::ExpirePoints => None,
        }
    }

    /// Whether it is a request under a key.
    pub(super) const fn has_key(&self) -> bool {
        match self {
            Self::Charge { .. }
            | Self::Grant { .. }
            | Self::Claim { .. }
            | Self::Place { .. }
            | Self::Pay { .. }
            | Self::Refund { .. }
            | Self::CancelPayment { .. }
            | Self::Adjust { .. } => true,
            Self::Cancel { .. }
            | Self::Edit { .. }
            | Self::Delete { .. }
            | Self::Repeat { .. }
            | Self::Wait { .. }
            | Self::ExpireOrders
            | Self::ExpirePoints => false,
        }
    }

    /// How many seconds it lasts.
    pub(super) const fn seconds(&self) -> i64 {
        match self {
            Self::Wait { seconds } => *seconds,
            _ => 1,
        }
    }
}
