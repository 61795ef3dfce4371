//! The product aggregate.

use jangteo_shared_kernel::{Money, ProductId, Quantity, Timestamp};

use crate::{Description, ProductName};

/// Whether a product can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "SCREAMING_SNAKE_CASE")
)]
pub enum ProductStatus {
    /// It can.
    OnSale,
    /// Not at the moment.
    Suspended,
    /// Never again.
    Discontinued,
}

/// A price of one unit: 0 to 10¹² minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(Money);

/// The amount is not one that a price may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a price is 0 to {}", Price::MAX_AMOUNT)]
pub struct InvalidPrice;

impl Price {
    /// The highest price in minor units.
    pub const MAX_AMOUNT: i64 = 1_000_000_000_000;

    /// The amount of one unit.
    #[must_use]
    pub const fn money(self) -> Money {
        self.0
    }
}

impl TryFrom<Money> for Price {
    type Error = InvalidPrice;

    fn try_from(money: Money) -> Result<Self, InvalidPrice> {
        if (0..=Self::MAX_AMOUNT).contains(&money.amount()) { Ok(Self(money)) } else { Err(InvalidPrice) }
    }
}

/// What a new product starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// Its name.
    pub name: ProductName,
    /// Its description.
    pub description: Description,
    /// Its price.
    pub price: Price,
    /// Its status.
    pub status: ProductStatus,
    /// The units at hand.
    pub stock: InitialStock,
}

/// The stock that a product may start with: 0 to [`STOCK_LIMIT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InitialStock(Quantity);

/// The most units that a new product or an adjustment may bring a stock to: 10⁹. Units that come back from orders
/// may exceed it, so that none is ever lost.
pub const STOCK_LIMIT: u32 = 1_000_000_000;

/// More units than a stock may be brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stock is 0 to {STOCK_LIMIT}")]
pub struct InvalidStock;

impl TryFrom<u32> for InitialStock {
    type Error = InvalidStock;

    fn try_from(units: u32) -> Result<Self, InvalidStock> {
        if units > STOCK_LIMIT {
            return Err(InvalidStock);
        }
        Quantity::new(units).map(Self).map_err(|_| InvalidStock)
    }
}

/// Which parts of the catalogue entry change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogueEdit {
    /// The new name.
    pub name: Option<ProductName>,
    /// The new description.
    pub description: Option<Description>,
    /// The new price. Placed orders keep the one they froze (ADR-012).
    pub price: Option<Price>,
    /// The new status.
    pub status: Option<ProductStatus>,
}

/// A product of the catalogue with its stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Names it to every other context.
    pub id: ProductId,
    /// Its name.
    pub name: ProductName,
    /// Its description.
    pub description: Description,
    /// The price of one unit.
    pub price: Price,
    /// Whether it can be bought.
    pub status: ProductStatus,
    /// Counts the edits of the catalogue entry.
    pub catalogue_version: i64,
    /// The units at hand.
    pub stock: Quantity,
    /// Counts the changes of the stock.
    pub stock_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its catalogue entry last changed.
    pub updated_at: Timestamp,
}

/// Why units of a product cannot be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SellRefusal {
    /// The product is suspended or discontinued.
    #[error("the product is not on sale")]
    NotOnSale,
    /// There are fewer units than asked for.
    #[error("only {left} left")]
    OutOfStock {
        /// How many there are.
        left: Quantity,
    },
}

impl Product {
    /// A new product.
    #[must_use]
    pub fn create(id: ProductId, new: NewProduct, now: Timestamp) -> Self {
        Self {
            id,
            name: new.name,
            description: new.description,
            price: new.price,
            status: new.status,
            catalogue_version: 1,
            stock: new.stock.0,
            stock_version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Changes the catalogue entry. The stock and its version stay as they are.
    pub fn edit(&mut self, edit: CatalogueEdit, now: Timestamp) {
        if let Some(name) = edit.name {
            self.name = name;
        }
        if let Some(description) = edit.description {
            self.description = description;
        }
        if let Some(price) = edit.price {
            self.price = price;
        }
        if let Some(status) = edit.status {
            self.status = status;
        }
        self.catalogue_version += 1;
        self.updated_at = now;
    }

    /// Whether the product can be bought at all.
    pub const fn check_on_sale(&self) -> Result<(), SellRefusal> {
        match self.status {
            ProductStatus::OnSale => Ok(()),
            ProductStatus::Suspended | ProductStatus::Discontinued => Err(SellRefusal::NotOnSale),
        }
    }

    /// What would be left if so many units were sold.
    pub fn check_stock(&self, quantity: Quantity) -> Result<Quantity, SellRefusal> {
        self.stock.minus(quantity).map_err(|_| SellRefusal::OutOfStock { left: self.stock })
    }

    /// Takes units out of the stock for an order.
    pub fn sell(&mut self, quantity: Quantity) -> Result<(), SellRefusal> {
        self.check_on_sale()?;
        self.stock = self.check_stock(quantity)?;
        self.stock_version += 1;
        Ok(())
    }

    /// Puts units of an order back, whatever the status is now. They may bring the stock above [`STOCK_LIMIT`];
    /// [`Quantity::MAX`] is four times that and out of reach.
    pub fn put_back(&mut self, quantity: Quantity) {
        self.stock = self.stock.plus(quantity).unwrap_or(Quantity::MAX);
        self.stock_version += 1;
    }
}

#[cfg(test)]
mod tests {
    use jangteo_shared_kernel::Currency;
    use proptest::prelude::*;

    use super::*;

    fn units(n: u32) -> Quantity {
        Quantity::new(n).unwrap()
    }

    fn product(stock: u32, status: ProductStatus) -> Product {
        let id = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        let new = NewProduct {
            name: "Mug".parse().unwrap(),
            description: "".parse().unwrap(),
            price: Money::new(12_000, Currency::KRW).try_into().unwrap(),
            status,
            stock: stock.try_into().unwrap(),
        };
        Product::create(id, new, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn sells_only_what_is_on_sale_and_there() {
        assert_eq!(product(1, ProductStatus::Suspended).sell(units(1)), Err(SellRefusal::NotOnSale));
        assert_eq!(product(1, ProductStatus::Discontinued).sell(units(1)), Err(SellRefusal::NotOnSale));
        let mut mug = product(1, ProductStatus::OnSale);
        assert_eq!(mug.sell(units(2)), Err(SellRefusal::OutOfStock { left: units(1) }));
        assert_eq!((mug.stock, mug.stock_version), (units(1), 1));
        assert_eq!(mug.sell(units(1)), Ok(()));
        assert_eq!((mug.stock, mug.stock_version, mug.catalogue_version), (units(0), 2, 1));
    }

    #[test]
    fn an_edit_leaves_the_stock_alone() {
        let mut mug = product(5, ProductStatus::OnSale);
        let later = Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(1);
        mug.edit(CatalogueEdit { status: Some(ProductStatus::Suspended), ..CatalogueEdit::default() }, later);
        assert_eq!((mug.catalogue_version, mug.stock_version, mug.updated_at), (2, 1, later));
        assert_eq!(mug.name.as_str(), "Mug");
    }

    #[test]
    fn a_price_has_bounds() {
        let krw = |amount| Money::new(amount, Currency::KRW);
        assert!(Price::try_from(krw(0)).is_ok() && Price::try_from(krw(Price::MAX_AMOUNT)).is_ok());
        for amount in [-1, Price::MAX_AMOUNT + 1, i64::MIN, i64::MAX] {
            assert_eq!(Price::try_from(krw(amount)), Err(InvalidPrice));
        }
    }

    proptest! {
        #[test]
        fn units_are_conserved(stock in 0_u32..1_000, moves in prop::collection::vec((any::<bool>(), 0_u32..100), 0..50)) {
            let mut mug = product(stock, ProductStatus::OnSale);
            let mut out = 0_u32;
            for (sale, n) in moves {
                if sale {
                    if mug.sell(units(n)).is_ok() {
                        out += n;
                    }
                } else if n <= out {
                    mug.put_back(units(n));
                    out -= n;
                }
                prop_assert_eq!(mug.stock.get() + out, stock);
            }
        }
    }
}
