"""The enterprises' contracts with their clients."""

from nanchang_portal.sample.tables import table

CONTRACTS = table(
    """
    key  | enterprise | name                       | client                                | country | related | type | sector                 | currency | value          | signed     | ends
    YT-1 | yuntu      | 机器人控制软件开发         | Example Robotics Inc. (fictional)     | US      |         | ito  | software               | USD      | 20,000,000.00  | 2013-01-08 | 2018-12-31
    YT-2 | yuntu      | 汽车电子嵌入式软件开发     | Beispiel Software GmbH (fictional)    | DE      |         | ito  | software               | EUR      | 1,500,000.00   | 2015-12-10 | 2018-12-31
    YT-3 | yuntu      | 制造执行系统维护           | 例示システム株式会社（虚构）          | JP      |         | ito  | information_technology | JPY      | 120,000,000.00 | 2016-11-01 | 2019-10-31
    YT-4 | yuntu      | 集团云平台运维             | 示例云图（香港）有限公司（虚构）      | HK      | yes     | ito  | information_technology | HKD      | 9,000,000.00   | 2018-10-15 | 2021-10-14
    YT-5 | yuntu      | 移动应用测试               | Sample Mobile Pte Ltd (fictional)     | SG      |         | ito  | software               | USD      | 4,800,000.00   | 2022-02-01 |
    YT-6 | yuntu      | 仓储管理系统运维           | Example Storage LLC (fictional)       | US      |         | ito  | information_technology | USD      | 640,000.00     | 2024-03-04 | 2025-03-03
    YT-7 | yuntu      | 门诊预约软件开发           | Beispiel Klinik GmbH (fictional)      | DE      |         | ito  | software               | EUR      | 380,000.00     | 2024-05-20 | 2025-05-19
    GJ-1 | ganjiang   | 保险单据数据处理           | Example Insurance Corp. (fictional)   | US      |         | bpo  | finance                | USD      | 1,200,000.00   | 2014-11-20 | 2019-11-19
    TW-1 | tengwang   | 三维动画制作               | Example Studios LLC (fictional)       | US      |         | kpo  | animation_games        | USD      | 12,000,000.00  | 2013-11-05 | 2018-11-04
    TW-2 | tengwang   | 游戏美术外包               | 例示ゲームス株式会社（虚构）          | JP      |         | kpo  | animation_games        | USD      | 5,000,000.00   | 2017-12-12 | 2020-12-11
    QY-1 | qingyun    | 企业资源系统二次开发       | Example Retail Ltd (fictional)        | GB      |         | ito  | software               | GBP      | 900,000.00     | 2014-12-03 | 2018-12-02
    QY-2 | qingyun    | 门店系统运维               | 上海示例转包科技有限公司（虚构）      | CN      |         | ito  | wholesale_retail       | USD      | 800,000.00     | 2015-01-15 | 2016-01-14
    AX-1 | aixi       | 英语客户服务热线           | Example Telecom plc (fictional)       | GB      |         | bpo  | call_centres           | GBP      | 750,000.00     | 2014-12-18 | 2017-12-17
    AX-2 | aixi       | 粤语客户服务热线           | 示例电讯（香港）有限公司（虚构）      | HK      |         | bpo  | call_centres           | HKD      | 6,000,000.00   | 2015-03-02 | 2018-03-01
    XH-1 | xianghu    | 药物临床数据管理           | Example Pharma AG (fictional)         | CH      |         | kpo  | biomedicine            | USD      | 2,600,000.00   | 2014-12-22 | 2017-12-21
    BY-1 | bayi       | 跨境物流单证处理           | Example Freight B.V. (fictional)      | NL      |         | bpo  | logistics              | EUR      | 700,000.00     | 2016-12-05 | 2019-12-04
    ML-1 | meiling    | 图书版式设计               | Exemple Éditions SAS (fictional)      | FR      |         | kpo  | cultural_creation      | EUR      | 1,100,000.00   | 2019-04-15 | 2023-04-14
    ML-2 | meiling    | 文博数字化                 | Sample Heritage Pte Ltd (fictional)   | SG      |         | kpo  | cultural_creation      | SGD      | 1,000,000.00   | 2020-12-07 | 2023-12-06
    """  # noqa: E501
)

#: Contracts taken over a year later, in one step.
FOLLOW_UPS = table(
    """
    key    | follows | signed     | ends
    YT-6-2 | YT-6    | 2025-02-24 | 2026-03-03
    YT-7-2 | YT-7    | 2025-05-12 | 2026-05-19
    """
)

#: A workbook of the same enterprise, by the heads of its template.
WORKBOOK_NAME = "2025年离岸合同（示例）.csv"
WORKBOOK_OF = "yuntu"
WORKBOOK = """\
合同编号,合同登记证书编号,合同名称,发包方,发包方所在国家或地区,发包方为关联方,业务类型,所属领域,币种,合同金额,签订日期,开始日期,结束日期
YT-8,示例登记-2025-YT-8,供应链平台接口开发,Example Harbour Pte Ltd (fictional),SG,no,ito,software,USD,1500000.00,2025-06-16,2025-07-01,2027-06-30
YT-9,示例登记-2025-YT-9,票据影像处理,例示データ株式会社（虚构）,JP,no,bpo,finance,JPY,48000000.00,2025-09-08,2025-10-01,2026-09-30
"""  # noqa: E501
