"""The enterprises' yearly claims: at every boundary of the rules, in every status.

`shows` says what a claim is there for, `path` is a word of `journeys.PATHS`, `note` is the enterprise's own. They are
filed in the order of the table.
"""

from nanchang_portal.sample.tables import table

CLAIMS = table(
    """
    key   | enterprise | year | path          | shows                                                      | note
    yt13a | yuntu      | 2013 | approved      | 150,000.00 alone: 0.00                                     |
    yt13b | yuntu      | 2013 | approved      | and 100,000.00 lift the year over the threshold: 50,000.00 | 同年补充申报，与前次合并计算。
    yt14a | yuntu      | 2014 | approved      | 2,400,000.00: 480,000.00                                   |
    yt14b | yuntu      | 2014 | approved      | and 300,000.00: 20,000.00, the cap                         | 同年补充申报。
    yt15  | yuntu      | 2015 | approved      | 2,700,000.00: the cap                                      |
    yt16  | yuntu      | 2016 | approved      | euros, a refund                                            | 含欧元收汇及一笔退款。
    yt17  | yuntu      | 2017 | approved      | euros, yen                                                 | 含日元收汇。
    yt18  | yuntu      | 2018 | returned      | returned at first                                          |
    yt19  | yuntu      | 2019 | filed         | a related party                                            | 发包方为本公司香港关联企业，已附关联交易说明。
    yt24  | yuntu      | 2024 | typed         | typed, not saved                                           |
    gj15  | ganjiang   | 2015 | filed         | 200,000.00: fails by equality, flagged                     | 全年收汇恰为20万美元。
    gj16  | ganjiang   | 2016 | approved      | 200,000.01: 40,000.00                                      |
    gj17  | ganjiang   | 2017 | approved      | 250,000.00: 50,000.00                                      |
    gj18  | ganjiang   | 2018 | proposed      | 200,000.00, proposed for rejection                         |
    tw14  | tengwang   | 2014 | approved      | 2,499,999.99: 500,000.00                                   |
    tw15  | tengwang   | 2015 | approved      | 2,500,000.00: 500,000.00                                   |
    tw16  | tengwang   | 2016 | passed        | 2,700,000.00: the cap                                      |
    tw18a | tengwang   | 2018 | passed        | overtaken by tw18b: calculated again                       | 上半年收汇。
    tw18b | tengwang   | 2018 | approved      | 1,600,000.00: 320,000.00                                   | 下半年收汇，先于上半年申报办结。
    qy15  | qingyun    | 2015 | rejected      | a domestic client: rejected                                |
    qy16  | qingyun    | 2016 | withdrawn     | withdrawn                                                  |
    qy17  | qingyun    | 2017 | corrected     | returned and filed again                                   |
    qy18  | qingyun    | 2018 | lapsed        | returned, not corrected in the term                        |
    ax15  | aixi       | 2015 | passed        | pounds, Hong Kong dollars                                  |
    ax16  | aixi       | 2016 | filed         | a refund brings the year below the threshold               | 客户因服务中断退款一笔。
    xh15  | xianghu    | 2015 | approved      | within the recognition                                     |
    xh16  | xianghu    | 2016 | filed         | recognition lapsed                                         |
    by17  | bayi       | 2017 | proposed      | no recognition                                             |
    ml19  | meiling    | 2019 | filed         | money before the contract                                  | 首笔款为签约前的定金。
    ml20  | meiling    | 2020 | returned_late | returned at last                                           |
    ml21  | meiling    | 2021 | draft         | no rate for Singapore dollars yet                          |
    """  # noqa: E501
)

RECEIPTS = table(
    """
    claim | contract | received   | currency | amount
    yt13a | YT-1     | 2013-03-15 | USD      | 80,000.00
    yt13a | YT-1     | 2013-06-20 | USD      | 70,000.00
    yt13b | YT-1     | 2013-11-08 | USD      | 100,000.00
    yt14a | YT-1     | 2014-02-14 | USD      | 900,000.00
    yt14a | YT-1     | 2014-05-16 | USD      | 800,000.00
    yt14a | YT-1     | 2014-08-15 | USD      | 700,000.00
    yt14b | YT-1     | 2014-12-19 | USD      | 300,000.00
    yt15  | YT-1     | 2015-03-13 | USD      | 1,200,000.00
    yt15  | YT-1     | 2015-07-17 | USD      | 1,000,000.00
    yt15  | YT-1     | 2015-12-31 | USD      | 500,000.00
    yt16  | YT-1     | 2016-02-29 | USD      | 620,000.00
    yt16  | YT-2     | 2016-05-13 | EUR      | 180,000.00
    yt16  | YT-2     | 2016-08-19 | EUR      | 95,500.50
    yt16  | YT-2     | 2016-09-05 | EUR      | -15,000.00
    yt17  | YT-1     | 2017-03-10 | USD      | 410,000.00
    yt17  | YT-2     | 2017-06-16 | EUR      | 120,000.00
    yt17  | YT-3     | 2017-09-22 | JPY      | 18,500,000.00
    yt18  | YT-1     | 2018-04-13 | USD      | 350,000.00
    yt18  | YT-3     | 2018-10-19 | JPY      | 22,000,000.00
    yt19  | YT-3     | 2019-03-15 | JPY      | 16,400,000.00
    yt19  | YT-4     | 2019-06-28 | HKD      | 2,350,000.00
    yt24  | YT-5     | 2024-03-22 | USD      | 260,000.00
    yt24  | YT-5     | 2024-06-21 | USD      | 185,400.00
    gj15  | GJ-1     | 2015-04-10 | USD      | 120,000.00
    gj15  | GJ-1     | 2015-10-16 | USD      | 80,000.00
    gj16  | GJ-1     | 2016-04-08 | USD      | 120,000.00
    gj16  | GJ-1     | 2016-10-14 | USD      | 80,000.01
    gj17  | GJ-1     | 2017-04-14 | USD      | 130,000.00
    gj17  | GJ-1     | 2017-10-13 | USD      | 120,000.00
    gj18  | GJ-1     | 2018-05-18 | USD      | 200,000.00
    tw14  | TW-1     | 2014-04-18 | USD      | 1,500,000.00
    tw14  | TW-1     | 2014-11-21 | USD      | 999,999.99
    tw15  | TW-1     | 2015-04-17 | USD      | 1,500,000.00
    tw15  | TW-1     | 2015-11-20 | USD      | 1,000,000.00
    tw16  | TW-1     | 2016-04-15 | USD      | 1,500,000.00
    tw16  | TW-1     | 2016-11-18 | USD      | 1,200,000.00
    tw18a | TW-2     | 2018-03-16 | USD      | 1,200,000.00
    tw18b | TW-2     | 2018-09-14 | USD      | 1,600,000.00
    qy15  | QY-2     | 2015-03-20 | USD      | 340,000.00
    qy15  | QY-1     | 2015-07-10 | GBP      | 60,000.00
    qy16  | QY-1     | 2016-06-17 | GBP      | 150,000.00
    qy17  | QY-1     | 2017-05-19 | GBP      | 210,000.00
    qy18  | QY-1     | 2018-05-18 | USD      | 230,000.00
    ax15  | AX-1     | 2015-03-27 | GBP      | 88,000.00
    ax15  | AX-2     | 2015-08-21 | HKD      | 1,260,000.00
    ax16  | AX-1     | 2016-03-18 | GBP      | 100,000.00
    ax16  | AX-2     | 2016-07-15 | HKD      | 600,000.00
    ax16  | AX-1     | 2016-11-11 | GBP      | -12,000.00
    xh15  | XH-1     | 2015-05-15 | USD      | 480,000.00
    xh15  | XH-1     | 2015-11-13 | USD      | 365,250.75
    xh16  | XH-1     | 2016-05-13 | USD      | 512,000.00
    by17  | BY-1     | 2017-06-09 | EUR      | 245,000.00
    ml19  | ML-1     | 2019-03-29 | EUR      | 40,000.00
    ml19  | ML-1     | 2019-09-20 | EUR      | 215,000.00
    ml20  | ML-1     | 2020-07-17 | EUR      | 260,000.00
    ml21  | ML-1     | 2021-05-21 | EUR      | 230,000.00
    ml21  | ML-2     | 2021-09-17 | SGD      | 150,000.00
    """
)

# What an official wrote to the applicant, or to the final reviewer.
REASONS = table(
    """
    claim | reason
    yt18  | 2018年10月19日日元收汇缺少涉外收入申报号，请补充后重新提交。
    gj18  | 全年收汇恰为200,000.00美元，现行文本为“超过20万美元”，请复审人员定夺。
    qy15  | 发包方上海示例转包科技有限公司为境内企业，不属于离岸业务，本年申报不予支持。
    qy17  | 请说明2017年5月19日收汇对应的验收批次。
    qy18  | 请补充2018年收汇凭证的国际收支申报单号。
    by17  | 该企业未取得服务外包企业认定，建议不予奖励。
    ml20  | 合同登记证书编号与系统登记不一致，请核对合同后重新提交。
    """
)
