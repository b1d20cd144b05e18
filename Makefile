# Every target is one line: ops/bootstrap.py prepares .venv and then runs the target's program.
# make run PYTHON=python3.12 PORT=5001    (variables also work from the environment)

PYTHON ?= python3
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run test lint bench drills seed db db-stop screens

help:  ## 显示这些命令 / show these commands
	@awk -F ':  ## ' '/^[a-z-]+:  ## /{printf "make %-9s %s\n", $$1, $$2}' Makefile

run:  ## 安装、启动数据库、迁移、写入演示数据，运行网站和后台任务 / run everything on http://127.0.0.1:5000
	@$(PYTHON) -m ops.bootstrap run

test:  ## 全部检查和测试（真实 PostgreSQL 和浏览器） / all checks and tests
	@$(PYTHON) -m ops.bootstrap test

lint:  ## 代码、格式、类型和分层检查 / code, format, types, import contracts
	@$(PYTHON) -m ops.bootstrap lint

bench:  ## 性能测量 / measure performance
	@$(PYTHON) -m ops.bootstrap bench

drills:  ## 故障演练：杀掉进程并测量恢复时间 / kill processes and measure the recovery
	@$(PYTHON) -m ops.bootstrap drills

seed:  ## 把演示数据恢复到初始状态 / put the demo data back to its beginning
	@$(PYTHON) -m ops.bootstrap seed

db:  ## 只启动内置数据库，输出 DATABASE_URL / start the embedded database and print its DATABASE_URL
	@$(PYTHON) -m ops.bootstrap db

db-stop:  ## 停止内置数据库 / stop the embedded database
	@$(PYTHON) -m ops.bootstrap db-stop

screens:  ## 重新生成 docs/screens 截图 / take the pictures of docs/screens again
	@$(PYTHON) -m ops.bootstrap screens
