//! A shop as it opens.

use jangteo_application::{CreateCampaigns, CreateProducts, RegisterUser, RegisterUsers};
use jangteo_coupon::{CampaignDraft, CouponDiscount, CouponScope, NewCampaign};
use jangteo_product::{NewProduct, ProductStatus};
use jangteo_shared_kernel::{BasisPoints, Currency};
use jangteo_user::{Profile, Role};

use super::Shop;
use crate::Storage;
use crate::fixtures::{krw, price, units};
use crate::model::Answered;
use crate::model::opening::{CAMPAIGNS, Off, PRICES, Plan, STOCK, USERS, Valid, first_steps};

impl<S: Storage> Shop<S> {
    pub(in crate::model) async fn open(empty: S) -> Self {
        let fixtures = super::fixtures();
        let mut shop = Self {
            storage: empty,
            opened_at: fixtures.now(),
            fixtures,
            users: Vec::new(),
            products: Vec::new(),
            campaigns: Vec::new(),
            coupons: Vec::new(),
            orders: Vec::new(),
            requests: Vec::new(),
        };
        for _ in 0..USERS {
            let use_case = RegisterUsers { sources: shop.sources(), currency: Currency::KRW };
            let email = shop.fixtures.email();
            let profile = Profile { email, name: "Minji".parse().expect("a name"), phone: None };
            let password_hash = shop.fixtures.password_hash();
            let command = RegisterUser { profile, role: Role::Customer, password_hash };
            shop.users.push(shop.run(&use_case, command).await.expect("a new address").id);
        }
        for amount in PRICES {
            let new = NewProduct {
                name: "머그컵".parse().expect("a name"),
                description: "".parse().expect("a description"),
                price: price(krw(amount)),
                status: ProductStatus::OnSale,
                stock: u32::try_from(STOCK).expect("a few").try_into().expect("a stock"),
            };
            shop.products.push(shop.run(&CreateProducts { sources: shop.sources() }, new).await.id);
        }
        for plan in &CAMPAIGNS {
            let new = NewCampaign::check(shop.draft(plan), Currency::KRW).expect("a campaign");
            shop.campaigns.push(shop.run(&CreateCampaigns { sources: shop.sources() }, new).await.id);
        }
        for step in first_steps() {
            assert_eq!(shop.take(&step).await, Answered::Done, "{step:?}");
        }
        shop
    }

    fn draft(&self, plan: &Plan) -> CampaignDraft {
        let discount = match plan.off {
            Off::Won(amount) => CouponDiscount::Fixed(krw(amount)),
            Off::BasisPoints(rate, maximum) => CouponDiscount::Percent {
                rate: BasisPoints::new(rate).expect("a rate"),
                maximum: maximum.map(krw),
            },
        };
        let scope = plan.scope.map_or(CouponScope::All, |products| {
            CouponScope::Products(products.iter().map(|product| self.products[*product]).collect())
        });
        let at = |seconds: Option<i64>| seconds.map(|seconds| self.at(seconds));
        let (valid_from, valid_until, valid_days) = match plan.valid {
            Valid::Between(from, until) => (at(from), at(until), None),
            Valid::DaysFromClaim(days) => (None, None, Some(days)),
        };
        let mut draft = CampaignDraft {
            per_user: units(plan.per_user),
            claim_from: at(plan.claims.0),
            claim_until: at(plan.claims.1),
            valid_from,
            valid_until,
            valid_days,
            ..CampaignDraft::new("쿠폰".parse().expect("a name"), discount, scope, units(plan.total))
        };
        draft.terms.minimum_order = plan.minimum.map(krw);
        draft
    }
}
