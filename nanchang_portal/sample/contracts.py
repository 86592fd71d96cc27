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
