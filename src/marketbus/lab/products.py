"""The products the lab lists: real codes, Chinese names, multipliers, price ticks; prices of an ordinary day."""

from dataclasses import dataclass

from marketbus.lab.hours import Hours


@dataclass(frozen=True, slots=True)
class Product:
    """`multiplier` units per lot; `tick` and `price` in yuan; `months` deliverable; `strike` > 0: has options."""

    exchange: str
    code: str
    name: str
    multiplier: int
    tick: float
    price: float
    hours: Hours = Hours.NIGHT_23
    months: tuple[int, ...] = tuple(range(1, 13))
    strike: float = 0.0
    option_code: str = ""


_ODD = (1, 3, 5, 7, 9, 11)
_THIRDS = (1, 5, 9)
_QUARTERS = (3, 6, 9, 12)
_DAY, _01, _0230, _INDEX, _BOND = Hours.DAY, Hours.NIGHT_01, Hours.NIGHT_0230, Hours.INDEX, Hours.BOND

PRODUCTS: tuple[Product, ...] = (
    Product("SHFE", "rb", "螺纹钢", 10, 1, 3100, strike=50),
    Product("CFFEX", "IF", "沪深300股指", 300, 0.2, 4600, _INDEX),
    Product("DCE", "m", "豆粕", 10, 1, 3000, months=(1, 3, 5, 7, 8, 9, 11, 12), strike=50),
    Product("CZCE", "SA", "纯碱", 20, 1, 1200, strike=20),
    Product("INE", "sc", "原油", 1000, 0.1, 460, _0230, strike=5),
    Product("GFEX", "si", "工业硅", 5, 5, 9000, _DAY, strike=100),
    Product("SHFE", "au", "黄金", 1000, 0.02, 920, _0230, strike=8),
    Product("SHFE", "ag", "白银", 15, 1, 11800, _0230, strike=100),
    Product("SHFE", "cu", "铜", 5, 10, 86000, _01, strike=1000),
    Product("SHFE", "al", "铝", 5, 5, 21500, _01, strike=100),
    Product("SHFE", "zn", "锌", 5, 5, 22500, _01, strike=200),
    Product("SHFE", "pb", "铅", 5, 5, 17300, _01),
    Product("SHFE", "ni", "镍", 1, 10, 120000, _01),
    Product("SHFE", "sn", "锡", 1, 10, 290000, _01),
    Product("SHFE", "ss", "不锈钢", 5, 5, 12600, _01),
    Product("SHFE", "ao", "氧化铝", 20, 1, 2800, _01),
    Product("SHFE", "hc", "热轧卷板", 10, 1, 3300),
    Product("SHFE", "bu", "石油沥青", 10, 1, 3100),
    Product("SHFE", "ru", "天然橡胶", 10, 5, 15300, months=(1, 3, 4, 5, 6, 7, 8, 9, 10, 11), strike=250),
    Product("SHFE", "fu", "燃料油", 10, 1, 2700),
    Product("SHFE", "sp", "纸浆", 10, 2, 5500),
    Product("INE", "lu", "低硫燃料油", 10, 1, 3200),
    Product("INE", "nr", "20号胶", 10, 5, 12400),
    Product("INE", "bc", "国际铜", 5, 10, 77000, _01),
    Product("INE", "ec", "集运指数(欧线)", 50, 0.1, 1600, _DAY, (2, 4, 6, 8, 10, 12)),
    Product("DCE", "a", "黄大豆1号", 10, 1, 4100, months=_ODD),
    Product("DCE", "b", "黄大豆2号", 10, 1, 3700),
    Product("DCE", "y", "豆油", 10, 2, 8200, months=(1, 3, 5, 7, 8, 9, 11, 12)),
    Product("DCE", "p", "棕榈油", 10, 2, 8700, strike=100),
    Product("DCE", "c", "黄玉米", 10, 1, 2200, months=_ODD, strike=20),
    Product("DCE", "cs", "玉米淀粉", 10, 1, 2500, months=_ODD),
    Product("DCE", "i", "铁矿石", 100, 0.5, 780, strike=10),
    Product("DCE", "j", "冶金焦炭", 100, 0.5, 1650),
    Product("DCE", "jm", "焦煤", 60, 0.5, 1150),
    Product("DCE", "l", "线型低密度聚乙烯", 5, 1, 6800),
    Product("DCE", "v", "聚氯乙烯", 5, 1, 4600),
    Product("DCE", "pp", "聚丙烯", 5, 1, 6500),
    Product("DCE", "eg", "乙二醇", 10, 1, 3900),
    Product("DCE", "eb", "苯乙烯", 5, 1, 6500),
    Product("DCE", "pg", "液化石油气", 20, 1, 4300),
    Product("DCE", "jd", "鲜鸡蛋", 10, 1, 3200, _DAY),
    Product("DCE", "lh", "生猪", 16, 5, 11500, _DAY, _ODD),
    Product("CZCE", "SR", "白砂糖", 10, 1, 5400, months=_ODD, strike=100),
    Product("CZCE", "CF", "棉花", 5, 5, 13500, months=_ODD, strike=200),
    Product("CZCE", "TA", "精对苯二甲酸", 5, 2, 4700, strike=50),
    Product("CZCE", "MA", "甲醇", 10, 1, 2100),
    Product("CZCE", "FG", "玻璃", 20, 1, 1050),
    Product("CZCE", "RM", "菜籽粕", 10, 1, 2400, months=(1, 3, 5, 7, 8, 9, 11)),
    Product("CZCE", "OI", "菜籽油", 10, 1, 9700, months=_ODD),
    Product("CZCE", "PF", "短纤", 5, 2, 6200),
    Product("CZCE", "SH", "烧碱", 30, 1, 2300),
    Product("CZCE", "PX", "对二甲苯", 5, 2, 6700),
    Product("CZCE", "UR", "尿素", 20, 1, 1650, _DAY),
    Product("CZCE", "SF", "硅铁", 5, 2, 5500, _DAY),
    Product("CZCE", "SM", "锰硅", 5, 2, 5700, _DAY),
    Product("CZCE", "AP", "苹果", 10, 1, 9200, _DAY, (1, 3, 4, 5, 10, 11, 12)),
    Product("CZCE", "CJ", "红枣", 5, 5, 9300, _DAY, (1, 3, 5, 7, 9, 12)),
    Product("CZCE", "PK", "花生仁", 5, 2, 7900, _DAY, (1, 3, 4, 10, 11, 12)),
    Product("CFFEX", "IH", "上证50股指", 300, 0.2, 3000, _INDEX),
    Product("CFFEX", "IC", "中证500股指", 200, 0.2, 7200, _INDEX),
    Product("CFFEX", "IM", "中证1000股指", 200, 0.2, 7400, _INDEX),
    Product("CFFEX", "T", "10年期国债", 10000, 0.005, 108, _BOND, _QUARTERS),
    Product("CFFEX", "TF", "5年期国债", 10000, 0.005, 106, _BOND, _QUARTERS),
    Product("CFFEX", "TS", "2年期国债", 20000, 0.002, 102.4, _BOND, _QUARTERS),
    Product("CFFEX", "TL", "30年期国债", 10000, 0.01, 115, _BOND, _QUARTERS),
    Product("GFEX", "lc", "碳酸锂", 1, 20, 87000, _DAY, strike=1000),
    Product("GFEX", "ps", "多晶硅", 3, 5, 53000, _DAY),
)
"""Main products first: a short list still shows every exchange."""

INDEX_OPTION = Product("CFFEX", "IO", "沪深300股指期权", 100, 0.2, 4600, _INDEX, strike=100)
"""Options on the index itself: months of their own, no future of that code."""
