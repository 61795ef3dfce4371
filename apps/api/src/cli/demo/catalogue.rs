//! What is in the demo shop.

use anyhow::Context;
use jangteo_application::submit;
use jangteo_product::{
    NewProduct, Product, ProductFilter, ProductList, ProductName, ProductQueries, ProductSort, ProductStatus,
};
use jangteo_shared_kernel::{Limit, Money, PageRequest};

use super::Demo;

struct Ware {
    name: &'static str,
    description: &'static str,
    price: i64,
    stock: u32,
    status: ProductStatus,
}

const fn ware(name: &'static str, description: &'static str, price: i64, stock: u32) -> Ware {
    Ware { name, description, price, stock, status: ProductStatus::OnSale }
}

pub(super) const MUG: &str = "백자 머그컵 (White porcelain mug)";
pub(super) const TEA: &str = "보성 녹차 50g (Boseong green tea)";
pub(super) const SOAP: &str = "쑥 비누 (Mugwort soap)";
/// Three of it came in, and the demo's customer has bought them all.
pub(super) const LAMP: &str = "한지 스탠드 (Hanji table lamp)";

const WARES: [Ware; 10] = [
    ware(MUG, "이천에서 구운 350 ml 머그컵. A mug of 350 ml, fired in Icheon.", 18_000, 120),
    ware(TEA, "우전 첫물차. First flush, picked before the spring rain.", 24_000, 80),
    ware(SOAP, "강화 약쑥으로 만든 수제 비누. Made by hand with mugwort from Ganghwa.", 7_500, 300),
    ware(LAMP, "한지와 대나무로 만든 조명. Mulberry paper over bamboo.", 89_000, 3),
    ware(
        "감귤 잼 300g (Jeju tangerine jam)",
        "제주 감귤과 설탕뿐. Tangerines from Jeju and sugar, nothing else.",
        9_800,
        150,
    ),
    ware(
        "나전칠기 명함집 (Mother-of-pearl card case)",
        "통영의 자개. Inlaid by hand in Tongyeong.",
        65_000,
        5,
    ),
    ware("누빔 파우치 (Quilted pouch)", "세 가지 색. In three colours.", 15_000, 60),
    ware(
        "전통 매듭 열쇠고리 (Knotted key ring)",
        "인사동 매듭 장인의 작품. By a knot maker of Insa-dong.",
        6_000,
        400,
    ),
    ware("참기름 180ml (Sesame oil)", "주문 후 짭니다. Pressed to order.", 16_000, 90),
    Ware {
        name: "유기 수저 세트 (Brass spoon and chopsticks)",
        description: "다음 달에 다시 판매합니다. Back next month.",
        price: 42_000,
        stock: 40,
        status: ProductStatus::Suspended,
    },
];

impl Demo<'_> {
    /// Sees to it that the products are there, and says how many are new.
    pub(super) async fn products(&self) -> anyhow::Result<usize> {
        let sources = self.days_ago(29);
        let create_product = self.administration(&sources).create_product;
        let mut new = 0;
        for ware in &WARES {
            let name: ProductName = ware.name.parse()?;
            if self.find(&name).await?.is_some() {
                continue;
            }
            let product = NewProduct {
                name,
                description: ware.description.parse()?,
                price: Money::new(ware.price, self.settings.currency).try_into()?,
                status: ware.status,
                stock: ware.stock.try_into()?,
            };
            submit(&self.shop.storage, &create_product, &sources, product).await?;
            new += 1;
        }
        Ok(new)
    }

    /// A product that the demo has made.
    pub(super) async fn product(&self, name: &str) -> anyhow::Result<Product> {
        self.find(&name.parse()?).await?.with_context(|| format!("the product {name} is gone"))
    }

    async fn find(&self, name: &ProductName) -> anyhow::Result<Option<Product>> {
        for status in [ProductStatus::OnSale, ProductStatus::Suspended, ProductStatus::Discontinued] {
            let filter = ProductFilter { name_prefix: Some(name.key()), status };
            let page = PageRequest { limit: Limit::DEFAULT, after: None };
            let list = ProductList { filter, sort: ProductSort::Name, page };
            let found = self.shop.storage.list_products(&list).await?.items;
            if let Some(product) = found.into_iter().find(|product| product.name == *name) {
                return Ok(Some(product));
            }
        }
        Ok(None)
    }
}
