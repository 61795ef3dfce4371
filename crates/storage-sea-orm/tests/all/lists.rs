//! Pages that together are the list, whatever is equal in it.

use jangteo_order::{
    Order, OrderFilter, OrderPosition, OrderQueries, OrderRepository, OrderState, OrderStatus,
};
use jangteo_product::{
    NameKey, Product, ProductFilter, ProductList, ProductPosition, ProductQueries, ProductSort, ProductStatus,
};
use jangteo_shared_kernel::{Limit, OrderId, PageRequest, ProductId};
use jangteo_user::{Role, UserFilter, UserQueries, UserRepository};

use crate::support::{Shop, at, id, order, priced, product, user};

async fn all_products(shop: &Shop, sort: ProductSort, prefix: Option<&str>, page: u16) -> Vec<Product> {
    let filter = ProductFilter { name_prefix: prefix.map(NameKey::of), status: ProductStatus::OnSale };
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = PageRequest { limit: Limit::new(page).unwrap(), after };
        let page =
            shop.storage.list_products(&ProductList { filter: filter.clone(), sort, page }).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Brings products into the order of a list.
type Sort = fn(&mut Vec<Product>);

#[tokio::test]
async fn products_in_every_order() {
    let shop = Shop::open().await;
    // Prices, names and times repeat, in orders of their own.
    let mut products: Vec<Product> = (0_u32..60)
        .map(|n| {
            let mut product = priced(
                n,
                1,
                i64::from(n * 7 % 5),
                ["mug", "Mug", "머그", "a\u{10fffe}", "b"][n as usize * 3 % 5],
            );
            product.created_at = at(i64::from(n * 11 % 8) * 250);
            product
        })
        .collect();
    products[3].status = ProductStatus::Suspended;
    shop.add_products(&products).await;
    products.retain(|product| product.status == ProductStatus::OnSale);

    let sorts: [(ProductSort, Sort); 4] = [
        (ProductSort::Newest, |list| list.sort_by_key(|p| std::cmp::Reverse((p.created_at, p.id)))),
        (ProductSort::PriceAscending, |list| list.sort_by_key(|p| (p.price.money().amount(), p.id))),
        (ProductSort::PriceDescending, |list| list.sort_by_key(|p| (-p.price.money().amount(), p.id))),
        (ProductSort::Name, |list| list.sort_by_key(|p| (p.name.key(), p.id))),
    ];
    for (sort, order) in sorts {
        order(&mut products);
        for page in [1, 7, 60, 100] {
            assert_eq!(all_products(&shop, sort, None, page).await, products, "{sort:?} by {page}");
        }
        let mugs: Vec<_> =
            products.iter().filter(|p| p.name.key().as_str().starts_with("mu")).cloned().collect();
        assert_eq!(mugs.len(), 24);
        assert_eq!(all_products(&shop, sort, Some(" MU"), 5).await, mugs, "{sort:?}");
    }
}

#[tokio::test]
async fn a_prefix_means_itself_and_not_a_pattern() {
    let shop = Shop::open().await;
    let names = ["100% mug", "100 mugs", "_mug", "amug", "머그", "머그컵", "먹"];
    shop.add_products(&(0_u32..).zip(names).map(|(n, name)| priced(n, 1, 1, name)).collect::<Vec<_>>()).await;
    let found = async |prefix| {
        let found = all_products(&shop, ProductSort::Name, Some(prefix), 10).await;
        found.into_iter().map(|product| product.name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("100%").await, ["100% mug"]);
    assert_eq!(found("_").await, ["_mug"]);
    assert_eq!(found("%").await, Vec::<String>::new());
    assert_eq!(found("\u{1106}\u{1165}\u{1100}\u{1173}").await, ["머그", "머그컵"]);
}

#[tokio::test]
async fn a_position_of_another_order_is_the_start() {
    let shop = Shop::open().await;
    shop.add_products(&[product(1, 1), product(2, 1)]).await;
    let after = Some(ProductPosition::Price { amount: i64::MAX, id: id::<_>(9) });
    let page = PageRequest { limit: Limit::DEFAULT, after };
    let filter = ProductFilter { name_prefix: None, status: ProductStatus::OnSale };
    let found =
        shop.storage.list_products(&ProductList { filter, sort: ProductSort::Name, page }).await.unwrap();
    assert_eq!(found.items.iter().map(|product| product.id).collect::<Vec<ProductId>>(), [id(1), id(2)]);
}

async fn all_orders(shop: &Shop, filter: OrderFilter, page: u16) -> Vec<Order> {
    let mut found = Vec::new();
    let mut after: Option<OrderPosition> = None;
    loop {
        let page = PageRequest { limit: Limit::new(page).unwrap(), after };
        let page = shop.storage.list_orders(&filter, &page).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn orders_of_a_user_of_a_status_and_all() {
    let shop = Shop::open().await;
    let products = [product(1, 1), product(2, 1)];
    let mut orders: Vec<Order> = (0_u32..40)
        .map(|n| {
            let mut order = order(n, id(n % 3), &products[n as usize % 2..]);
            order.created_at = at(i64::from(n * 7 % 5) * 500);
            if n % 4 == 0 {
                order.state = OrderState::Paid { paid_at: at(1) };
            }
            order
        })
        .collect();
    shop.in_one(async |tx| tx.insert_orders(&orders).await).await;
    orders.sort_by_key(|order| std::cmp::Reverse((order.created_at, order.id)));
    for user in [None, Some(id(1)), Some(id(9))] {
        for status in
            [None, Some(OrderStatus::Paid), Some(OrderStatus::PendingPayment), Some(OrderStatus::Expired)]
        {
            let wanted = |order: &&Order| {
                user.is_none_or(|user| order.user == user)
                    && status.is_none_or(|status| order.status() == status)
            };
            let expected: Vec<Order> = orders.iter().filter(wanted).cloned().collect();
            for page in [1, 6, 100] {
                assert_eq!(all_orders(&shop, OrderFilter { user, status }, page).await, expected);
            }
        }
    }
}

#[tokio::test]
async fn a_page_of_orders_costs_two_statements() {
    let shop = Shop::open().await;
    let orders: Vec<_> = (0..30).map(|n| order(n, id(1), &[product(1, 1), product(2, 1)])).collect();
    shop.in_one(async |tx| tx.insert_orders(&orders).await).await;
    shop.take_statements();
    let page = PageRequest { limit: Limit::new(20).unwrap(), after: None };
    let found = shop.storage.list_orders(&OrderFilter::default(), &page).await.unwrap();
    assert_eq!(found.items.len(), 20);
    assert_eq!(found.next.map(|next| next.id), Some::<OrderId>(id(10)));
    assert_eq!(shop.take_statements().len(), 2);
}

#[tokio::test]
async fn living_accounts_newest_first() {
    let shop = Shop::open().await;
    let mut users: Vec<_> = (1..=25).map(user).collect();
    shop.add_users(&users).await;
    users[4].delete(at(99));
    shop.in_one(async |tx| tx.save_users(&users[4..5]).await).await;
    users.remove(4);
    users.reverse();

    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: Limit::new(7).unwrap(), after };
        let page = shop.storage.list_users(&UserFilter::default(), &page).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, users);

    let first = PageRequest { limit: Limit::DEFAULT, after: None };
    let of = async |role, email: Option<&str>| {
        let filter = UserFilter { role, email: email.map(|email| email.parse().unwrap()) };
        let page = shop.storage.list_users(&filter, &first).await.unwrap();
        page.items.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(of(Some(Role::Admin), None).await, [id(20), id(10)]);
    assert_eq!(of(None, Some("MINJI7@example.com")).await, [id(7)]);
    assert_eq!(of(Some(Role::Admin), Some("minji7@example.com")).await, []);
    assert_eq!(of(None, Some("minji5@example.com")).await, [], "deleted");
}
